-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_unit_profile') }}

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

    {{ measure_rows('in_force', 'unit_profile', [
        {'measure': 'smart_unions_built', 'value': "(smart_union_status = 'built')::integer",
         'fields': 'smart_union_status', 'from': 'state_first_date', 'to': 'state_last_date'},
        {'measure': 'employees', 'value': 'employees', 'fields': 'employees', 'from': 'state_first_date',
         'to': 'state_last_date'},
        {'measure': 'contract_covered_employees', 'value': 'contract_covered_employees',
         'fields': 'contract_covered_employees', 'from': 'state_first_date', 'to': 'state_last_date'},
        {'measure': 'congresses_held', 'value': '(congress_date is not null)::integer', 'fields': 'congress_held_on',
         'date': 'congress_date', 'from': 'state_first_date', 'to': 'state_last_date'},
    ]) }}

)

select * from final
