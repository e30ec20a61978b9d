{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope="(org_level, org_id, period) in (select org_level, org_id, period from intermediate.int_changed_figures where basis <> 'as_now')"
    )
}}
{% set figures = changed('int_changed_figures') -%}
{% set changed_figures = "(select * from " ~ figures ~ " where basis <> 'as_now') as changed_figures" -%}
with

indicator_values as (

    select * from {{ ref('indicator_value') }}
    where {{ among(['org_level', 'org_id', 'period'], changed_figures, ['org_level', 'org_id', 'period']) }}

),

final as (

    select
        org_level,
        org_id,
        period_type,
        period,
        max(value) filter (where indicator_id = 'relief_coverage') as relief_coverage,
        max(value) filter (where indicator_id = 'smart_union_rate') as smart_union_rate,
        max(value) filter (where indicator_id = 'collective_contract_coverage') as collective_contract_coverage,
        max(value) filter (where indicator_id = 'workers_congress_rate') as workers_congress_rate,
        max(value) filter (where indicator_id = 'submission_completeness') as submission_completeness,
        max(value) filter (where indicator_id = 'submission_timeliness') as submission_timeliness,
        max(value) filter (where indicator_id = 'supervisor_training_coverage') as supervisor_training_coverage,
        max(value) filter (where indicator_id = 'cadre_training_round_1') as cadre_training_round_1,
        max(value) filter (where indicator_id = 'cadre_training_round_2') as cadre_training_round_2

    from indicator_values
    group by 1, 2, 3, 4

)

select * from final
