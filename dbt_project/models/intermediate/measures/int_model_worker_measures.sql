-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_model_worker') }}

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

    {{ measure_rows('in_force', 'model_worker', [
        {'measure': 'model_workers_named', 'value': '1', 'fields': 'person_citizen_id,honour_year',
         'where': "honour_level = 'defence_industry'", 'key': 'person_token',
         'date': 'make_date(honour_year::integer, 12, 31)'},
    ]) }}

)

select * from final
