{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope='(basis, form_id, org_level, org_id, month_date) in (select basis, form_id, org_level, org_id, month_date from intermediate.int_changed_form_months)'
    )
}}
{% set changed_months = changed('int_changed_form_months') -%}
with

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

reporting_calendar as (

    select * from {{ ref('stg_reporting_calendar') }}

),

submissions_expected as (

    select * from {{ ref('int_submissions_expected') }}

),

unit_months as (

    select * from {{ ref('int_unit_months') }}

),

answers as (

    select
        submissions.form_id,
        submissions.unit_id,
        least(coalesce(reporting_calendar.last_date, submissions.period_last_date), reporting_calendar.due_date)
            as reference_date,
        1 as accepted_count,
        0 as expected_count,
        0 as expected_accepted_count

    from submissions
    left join reporting_calendar
        on
            submissions.form_id = reporting_calendar.form_id
            and submissions.period = reporting_calendar.period

    union all

    select
        form_id,
        unit_id,
        reference_date,
        0 as accepted_count,
        1 as expected_count,
        is_accepted::integer as expected_accepted_count

    from submissions_expected

),

answers_by_month as (

    select
        form_id,
        unit_id,
        date_trunc('month', reference_date)::date as month_date,
        sum(accepted_count) as accepted_count,
        sum(expected_count) as expected_count,
        sum(expected_accepted_count) as expected_accepted_count

    from answers
    where {{ among(
        ['form_id', "date_trunc('month', reference_date)::date"], changed_months, ['form_id', 'month_date']
    ) }}
    group by 1, 2, 3

),

final as (

    select
        unit_months.basis,
        answers_by_month.form_id,
        unit_months.org_level,
        unit_months.org_id,
        answers_by_month.month_date,
        sum(answers_by_month.accepted_count) as accepted_count,
        sum(answers_by_month.expected_count) as expected_count,
        sum(answers_by_month.expected_accepted_count) as expected_accepted_count

    from answers_by_month
    inner join unit_months
        on
            answers_by_month.unit_id = unit_months.unit_id
            and answers_by_month.month_date = unit_months.month_date
    where {{ among(
        ['unit_months.basis', 'answers_by_month.form_id', 'unit_months.org_level', 'unit_months.org_id', 'unit_months.month_date'],
        changed_months, ['basis', 'form_id', 'org_level', 'org_id', 'month_date']
    ) }}
    group by 1, 2, 3, 4, 5

)

select * from final
