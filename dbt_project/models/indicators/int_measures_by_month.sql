{{
    config(
        materialized='incremental',
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope='(measure_id, unit_id, month_date) in (select measure_id, unit_id, month_date from intermediate.int_changed_measures)'
    )
}}
{% set changed_measures = changed('int_changed_measures') -%}
with

measure_rows as (

    select * from {{ ref('fct_measures') }}
    where
        state_first_date is null
        and {{ among(
            ['measure_id', 'unit_id', "date_trunc('month', occurred_date)::date"],
            changed_measures, ['measure_id', 'unit_id', 'month_date']
        ) }}

),

measures as (

    select * from {{ ref('measures') }}

),

final as (

    select
        measure_rows.measure_id,
        measure_rows.unit_id,
        date_trunc('month', measure_rows.occurred_date)::date as month_date,
        case measures.aggregation when 'distinct' then measure_rows.distinct_key end as distinct_key,
        sum(measure_rows.value) as value

    from measure_rows
    inner join measures
        on measure_rows.measure_id = measures.measure_id
    group by 1, 2, 3, 4

)

select * from final
