-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_consumption_assistance') }}

),

submissions as (

    select * from {{ ref('int_submissions_in_scope') }}
    where is_in_force

),

in_force as (

    select
        submitted_rows.*,
        submissions.period_last_date

    from submitted_rows
    inner join submissions
        on submitted_rows.submission_id = submissions.submission_id

),

final as (

    {{ measure_rows('in_force', 'consumption_assistance', [
        {'measure': 'consumption_assistance_cny', 'value': 'amount_cny', 'fields': 'amount_cny',
         'date': 'purchased_date'},
    ]) }}

)

select * from final
