{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope="(indicator_id, org_level, org_id, period) in (select indicator_id, org_level, org_id, period from intermediate.int_changed_figures where basis <> 'as_now')"
    )
}}
-- depends_on: {{ ref('int_changed_figures') }}
with

indicator_values as (

    select * from {{ ref('int_indicator_values') }}
    where basis <> 'as_now'

),

final as (

    select
        indicator_id,
        org_level,
        org_id,
        period_type,
        period,
        value,
        numerator,
        denominator,
        completeness,
        status

    from indicator_values

)

select * from final
