{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope='true'
    )
}}
with

submissions as (

    select * from {{ ref('int_submissions_spanned') }}

),

changed_answers as (

    select * from {{ ref('int_changed_answers') }}
    where is_handed_in

),

measure_sources as (

    select * from {{ ref('measure_sources') }}

),

measures as (

    select * from {{ ref('measures') }}

),

-- One more answer ends the state of the one before it, or begins where one was withdrawn.
state_forms as (

    select distinct measure_sources.form_id
    from measure_sources
    inner join measures
        on measure_sources.measure_id = measures.measure_id
    where measures.over_time like 'state%'

),

changed_states as (

    select distinct
        changed_answers.form_id,
        changed_answers.unit_id

    from changed_answers
    inner join state_forms
        on changed_answers.form_id = state_forms.form_id

),

final as (

    select submissions.*
    from submissions
    left join changed_answers
        on
            submissions.form_id = changed_answers.form_id
            and submissions.unit_id = changed_answers.unit_id
            and submissions.period = changed_answers.period
    left join changed_states
        on
            submissions.form_id = changed_states.form_id
            and submissions.unit_id = changed_states.unit_id
    where changed_answers.form_id is not null or changed_states.form_id is not null

)

select * from final
