-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_recuperation') }}

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

    {{ measure_rows('in_force', 'recuperation', [
        {'measure': 'recuperation_batches', 'value': '1', 'fields': 'batch', 'key': text_key('batch'),
         'date': 'first_date'},
        {'measure': 'recuperation_family_batches', 'value': '1', 'fields': 'batch', 'where': "batch_kind = 'family'",
         'key': text_key('batch'), 'date': 'first_date'},
        {'measure': 'recuperation_families', 'value': '1', 'fields': 'participant_citizen_id',
         'where': "batch_kind = 'family'", 'key': 'participant_token', 'date': 'first_date'},
        {'measure': 'recuperation_families_in_plan', 'value': '1', 'fields': 'participant_citizen_id',
         'where': "batch_kind = 'family'", 'key': 'participant_token', 'date': 'first_date'},
    ]) }}

)

select * from final
