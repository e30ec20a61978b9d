-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_student_aid') }}

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

    {{ measure_rows('in_force', 'student_aid', [
        {'measure': 'relief_cny', 'value': 'amount_cny', 'fields': 'amount_cny', 'date': 'paid_date'},
        {'measure': 'relief_person_times', 'value': '1', 'fields': 'student_citizen_id', 'date': 'paid_date'},
        {'measure': 'student_aid_cny', 'value': 'amount_cny', 'fields': 'amount_cny', 'date': 'paid_date'},
        {'measure': 'student_aid_students', 'value': '1', 'fields': 'student_citizen_id', 'key': 'student_token',
         'date': 'paid_date'},
    ]) }}

)

select * from final
