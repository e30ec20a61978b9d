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

roster_rows as (

    select * from {{ ref('stg_post_roster') }}

),

training_rows as (

    select * from {{ ref('stg_training') }}

),

-- A roster holds until the next one, so all of a unit change together.
rosters as (

    select submissions.submission_id
    from submissions
    where
        submissions.form_id = 'post_roster'
        and submissions.unit_id in (
            select changed_answers.unit_id from changed_answers
            where changed_answers.form_id = 'post_roster'
        )

),

trainings as (

    select submissions.submission_id
    from submissions
    inner join changed_answers
        on
            submissions.form_id = changed_answers.form_id
            and submissions.unit_id = changed_answers.unit_id
            and submissions.period = changed_answers.period
    where submissions.form_id = 'training'

),

final as (

    select roster_rows.person_token
    from roster_rows
    inner join rosters
        on roster_rows.submission_id = rosters.submission_id

    union

    select training_rows.trainee_token as person_token
    from training_rows
    inner join trainings
        on training_rows.submission_id = trainings.submission_id

)

select * from final
where person_token is not null
