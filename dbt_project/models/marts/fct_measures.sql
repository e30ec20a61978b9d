{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope=measure_rows_in_scope()
    )
}}
-- What it replaces is told first. depends_on: {{ ref('int_changed_measures') }}
with

measure_rows as (

    select * from {{ ref('int_measure_rows') }}

),

final as (

    select * from measure_rows

)

select * from final
