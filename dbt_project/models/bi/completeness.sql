{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['unit_id']}, {'columns': ['state', 'due_date', 'unit_id']}],
        scope='(form_id, unit_id, period) in (select form_id, unit_id, period from intermediate.int_changed_answers)'
    )
}}
{% set changed_answers = changed('int_changed_answers') -%}
with

submissions_expected as (

    select * from {{ ref('int_submissions_expected') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

decided as (

    select * from {{ ref('stg_submissions') }}

),

forms as (

    select * from {{ ref('stg_forms') }}
    where not is_register

),

reporting_calendar as (

    select * from {{ ref('stg_reporting_calendar') }}

),

nights as (

    select * from {{ ref('int_nights_current') }}

),

refused as (

    select distinct
        form_id,
        unit_id,
        period

    from decided
    where outcome = 'refused'

),

held as (

    select distinct
        form_id,
        unit_id,
        period

    from decided
    where is_held

),

-- A report that came before its period ended, or from a unit of which none was expected, is an answer too.
answers as (

    select
        form_id,
        unit_id,
        period

    from submissions_expected

    union

    select
        submissions.form_id,
        submissions.unit_id,
        submissions.period

    from submissions
    inner join reporting_calendar
        on
            submissions.form_id = reporting_calendar.form_id
            and submissions.period = reporting_calendar.period

),

final as (

    select
        answers.form_id,
        answers.unit_id,
        answers.period,
        forms.form_title,
        forms.form_title_en,
        submissions_expected.form_id is not null as expected,
        submissions.submission_id is not null as accepted,
        coalesce(
            (submissions.first_received_at at time zone 'Asia/Shanghai')::date <= reporting_calendar.due_date, false
        ) as on_time,
        coalesce(submissions.is_nil, false) as nil_return,
        reporting_calendar.due_date,
        submissions.first_received_at as received_at,
        submissions.version,
        case
            when submissions.submission_id is not null then 'accepted'
            when held.form_id is not null then 'held'
            when refused.form_id is not null then 'refused'
            when reporting_calendar.due_date < nights.business_date then 'overdue'
            else 'awaited'
        end as state,
        held.form_id is not null as is_held

    from answers
    inner join forms
        on answers.form_id = forms.form_id
    inner join reporting_calendar
        on
            answers.form_id = reporting_calendar.form_id
            and answers.period = reporting_calendar.period
    cross join nights
    left join submissions_expected
        on
            answers.form_id = submissions_expected.form_id
            and answers.unit_id = submissions_expected.unit_id
            and answers.period = submissions_expected.period
    left join submissions
        on
            answers.form_id = submissions.form_id
            and answers.unit_id = submissions.unit_id
            and answers.period = submissions.period
    left join refused
        on
            answers.form_id = refused.form_id
            and answers.unit_id = refused.unit_id
            and answers.period = refused.period
    left join held
        on
            answers.form_id = held.form_id
            and answers.unit_id = held.unit_id
            and answers.period = held.period
    where {{ among(
        ['answers.form_id', 'answers.unit_id', 'answers.period'], changed_answers, ['form_id', 'unit_id', 'period']
    ) }}

)

select * from final
