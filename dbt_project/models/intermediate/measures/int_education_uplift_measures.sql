-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_education_uplift') }}

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

    {{ measure_rows('in_force', 'education_uplift', [
        {'measure': 'education_uplift_workers', 'value': '1', 'fields': 'worker_citizen_id', 'key': 'worker_token',
         'date': 'period_last_date'},
        {'measure': 'education_uplift_cny', 'value': 'subsidy_cny', 'fields': 'subsidy_cny',
         'date': 'period_last_date'},
    ]) }}

)

select * from final
