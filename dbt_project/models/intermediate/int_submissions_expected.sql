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

reporting_calendar as (

    select
        *,
        -- A form of the year may be due before the year ends.
        least(last_date, due_date) as reference_date

    from {{ ref('stg_reporting_calendar') }}

),

form_submitters as (

    select * from {{ ref('stg_form_submitters') }}

),

units as (

    select * from {{ ref('int_units') }}

),

nights as (

    select * from {{ ref('int_nights_current') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

-- A report is made when its period ends or, if that is earlier, when it is due: it is expected of the units that exist
-- on that day.
expected as (

    select
        reporting_calendar.form_id,
        units.unit_id,
        reporting_calendar.period,
        reporting_calendar.last_date,
        reporting_calendar.due_date,
        reporting_calendar.reference_date

    from reporting_calendar
    inner join nights
        on reporting_calendar.reference_date < nights.business_date
    inner join form_submitters
        on reporting_calendar.form_id = form_submitters.form_id
    inner join units
        on
            form_submitters.unit_kind = units.unit_kind
            and reporting_calendar.reference_date
            between units.valid_from_date and coalesce(units.valid_to_date, 'infinity'::date)

),

final as (

    select
        expected.form_id,
        expected.unit_id,
        expected.period,
        expected.last_date,
        expected.due_date,
        expected.reference_date,
        submissions.submission_id,
        submissions.submission_id is not null as is_accepted,
        coalesce(
            (submissions.first_received_at at time zone 'Asia/Shanghai')::date <= expected.due_date, false
        ) as is_on_time

    from expected
    left join submissions
        on
            expected.form_id = submissions.form_id
            and expected.unit_id = submissions.unit_id
            and expected.period = submissions.period

)

select * from final
