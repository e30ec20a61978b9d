-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_hardship_aid') }}

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

    {{ measure_rows('in_force', 'hardship_aid', [
        {'measure': 'relief_cny', 'value': 'amount_cny', 'fields': 'amount_cny', 'date': 'paid_date'},
        {'measure': 'relief_person_times', 'value': '1', 'fields': 'worker_citizen_id', 'date': 'paid_date'},
        {'measure': 'daily_relief_workers', 'value': '1', 'fields': 'worker_citizen_id', 'where': "aid_kind = 'daily'",
         'key': 'worker_token', 'date': 'paid_date'},
        {'measure': 'daily_relief_cny', 'value': 'amount_cny', 'fields': 'amount_cny', 'where': "aid_kind = 'daily'",
         'date': 'paid_date'},
    ]) }}

)

select * from final
