{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope='true'
    )
}}
with

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

-- What a unit answered holds from the end of its period until the end of the next period that it answered for.
final as (

    select
        submission_id,
        form_id,
        unit_id,
        period_last_date as state_first_date,
        coalesce(lead(period_last_date) over answers - 1, 'infinity'::date) as state_last_date

    from submissions
    window answers as (partition by form_id, unit_id order by period_last_date)

)

select * from final
