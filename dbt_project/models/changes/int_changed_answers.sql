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

-- From the beginning, where everything is built.
nights as (

    select
        business_date,
        last_event_id,
        coalesce({{ 'base_submission_id' if is_scoped() else 'null' }}, 0) as base_submission_id,
        coalesce({{ 'base_event_id' if is_scoped() else 'null' }}, 0) as base_event_id,
        coalesce({{ 'base_date' if is_scoped() else 'null' }}, '-infinity'::date) as base_date

    from {{ ref('int_nights_current') }}

),

submissions as (

    select * from {{ ref('stg_submissions') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

reporting_calendar as (

    select
        *,
        least(last_date, due_date) as reference_date

    from {{ ref('stg_reporting_calendar') }}

),

form_submitters as (

    select * from {{ ref('stg_form_submitters') }}

),

units as (

    select distinct
        unit_id,
        unit_kind

    from {{ ref('int_units') }}

),

answers as (

    select
        submissions.form_id,
        submissions.unit_id,
        submissions.period,
        true as is_handed_in

    from submissions
    inner join nights
        on submissions.submission_id > nights.base_submission_id

    union all

    -- Whatever became of an answer: withdrawn, held back, let in, corrected.
    select
        events.form_id,
        events.unit_id,
        events.period,
        true as is_handed_in

    from events
    inner join nights
        on events.event_id > nights.base_event_id and events.event_id <= nights.last_event_id
    where events.form_id is not null and events.unit_id is not null and events.period is not null

    union all

    -- What was not expected yet, or not late yet.
    select
        reporting_calendar.form_id,
        units.unit_id,
        reporting_calendar.period,
        false as is_handed_in

    from reporting_calendar
    inner join nights
        on
            (
                reporting_calendar.reference_date >= nights.base_date
                and reporting_calendar.reference_date < nights.business_date
            )
            or (reporting_calendar.due_date >= nights.base_date and reporting_calendar.due_date < nights.business_date)
    inner join form_submitters
        on reporting_calendar.form_id = form_submitters.form_id
    inner join units
        on form_submitters.unit_kind = units.unit_kind

),

final as (

    select
        answers.form_id,
        answers.unit_id,
        answers.period,
        bool_or(answers.is_handed_in) as is_handed_in,
        min(
            least(
                coalesce(reporting_calendar.last_date, {{ period_last_date('answers.period') }}),
                reporting_calendar.due_date
            )
        ) as reference_date

    from answers
    left join reporting_calendar
        on
            answers.form_id = reporting_calendar.form_id
            and answers.period = reporting_calendar.period
    group by 1, 2, 3

)

select * from final
