-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_apprenticeship') }}

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

    {{ measure_rows('in_force', 'apprenticeship', [
        {'measure': 'apprenticeship_batches', 'value': '1', 'fields': 'batch,signed_on', 'key': text_key('batch'),
         'date': 'signed_date'},
        {'measure': 'apprenticeship_mentors', 'value': '1', 'fields': 'mentor_citizen_id,signed_on',
         'key': 'mentor_token', 'date': 'signed_date'},
        {'measure': 'apprenticeship_apprentices', 'value': '1', 'fields': 'apprentice_citizen_id,signed_on',
         'key': 'apprentice_token', 'date': 'signed_date'},
        {'measure': 'apprenticeship_apprentices_in_plan', 'value': '1', 'fields': 'apprentice_citizen_id,signed_on',
         'key': 'apprentice_token', 'date': 'signed_date'},
    ]) }}

)

select * from final
