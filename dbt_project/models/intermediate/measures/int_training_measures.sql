-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_training') }}

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

    {{ measure_rows('in_force', 'training', [
        {'measure': 'team_leaders_trained', 'value': '1', 'fields': 'trainee_citizen_id',
         'where': "training_kind = 'team_leader' and passed = 'yes'", 'key': 'trainee_token', 'date': 'last_date'},
        {'measure': 'team_leaders_trained_in_plan', 'value': '1', 'fields': 'trainee_citizen_id',
         'where': "training_kind = 'team_leader' and passed = 'yes'", 'key': 'trainee_token', 'date': 'last_date'},
    ]) }}

)

select * from final
