-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_task_list') }}

),

submissions as (

    select * from {{ ref('int_submissions_in_scope') }}
    where is_in_force

),

submission_states as (

    select * from {{ ref('int_submission_states') }}

),

in_force as (

    select
        submitted_rows.*,
        submissions.period_last_date,
        submission_states.state_first_date,
        submission_states.state_last_date

    from submitted_rows
    inner join submissions
        on submitted_rows.submission_id = submissions.submission_id
    inner join submission_states
        on submitted_rows.submission_id = submission_states.submission_id

),

final as (

    {{ measure_rows('in_force', 'task_list', [
        {'measure': 'task_points_done', 'value': 'weight * progress_percent / 100',
         'fields': 'weight,progress_percent', 'from': 'state_first_date', 'to': 'state_last_date'},
        {'measure': 'task_points', 'value': 'weight', 'fields': 'weight', 'from': 'state_first_date',
         'to': 'state_last_date'},
    ]) }}

)

select * from final
