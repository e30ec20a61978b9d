{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope="(unit_id, period) in (select unit_id, to_char(month_date, 'YYYY-MM') from intermediate.int_changed_measures where measure_id = 'relief_cny')"
    )
}}
{% set changed_measures = changed('int_changed_measures') -%}
{% set measure_rows = changed('fct_measures') -%}
{#- Every row of these months counts for the measure of all relief, which leads to the submissions that hold one. -#}
{% set changed_months = "(select unit_id, month_date from " ~ changed_measures
    ~ " where measure_id = 'relief_cny' and month_date is not null) as changed_months" -%}
{% set changed_submissions = "(select r.submission_id from " ~ measure_rows ~ " as r"
    ~ " inner join " ~ changed_measures ~ " as c"
    ~ " on r.measure_id = c.measure_id and r.unit_id = c.unit_id"
    ~ " and date_trunc('month', r.occurred_date)::date = c.month_date"
    ~ " where r.measure_id = 'relief_cny') as changed_submissions" -%}
with

relief_lines as (

    select * from {{ ref('stg_relief') }}

),

hardship_payments as (

    select * from {{ ref('stg_hardship_aid') }}

),

students_aided as (

    select * from {{ ref('stg_student_aid') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

codes as (

    select * from {{ ref('stg_codes') }}

),

unit_months as (

    select * from {{ ref('int_unit_months') }}
    where org_level = 'group' and basis <> 'as_now'

),

-- Disjoint by design: what the ledger holds never stands in the aid by person, so the parts add up to the relief total.
relief_rows as (

    select
        submission_id,
        'relief' as form_id,
        'campaign' as field,
        campaign,
        unit_id,
        beneficiary_unit_id,
        given_date as occurred_date,
        cash_cny + goods_cny as amount_cny,
        person_times

    from relief_lines

    union all

    select
        submission_id,
        'hardship_aid' as form_id,
        'aid_kind' as field,
        aid_kind as campaign,
        unit_id,
        unit_id as beneficiary_unit_id,
        paid_date as occurred_date,
        amount_cny,
        1 as person_times

    from hardship_payments

    union all

    select
        submission_id,
        'student_aid' as form_id,
        null as field,
        'student_aid' as campaign,
        unit_id,
        unit_id as beneficiary_unit_id,
        paid_date as occurred_date,
        amount_cny,
        1 as person_times

    from students_aided

),

relief as (

    select relief_rows.*
    from relief_rows
    inner join submissions
        on relief_rows.submission_id = submissions.submission_id
    where
        {{ among(['relief_rows.submission_id'], changed_submissions, ['submission_id']) }}
        and {{ among(
            ['relief_rows.unit_id', "date_trunc('month', relief_rows.occurred_date)::date"],
            changed_months, ['unit_id', 'month_date']
        ) }}

),

relief_by_month as (

    select
        form_id,
        field,
        campaign,
        unit_id,
        beneficiary_unit_id,
        date_trunc('month', occurred_date)::date as month_date,
        sum(amount_cny) as money_cny,
        sum(person_times) as persons

    from relief
    group by 1, 2, 3, 4, 5, 6

),

final as (

    select
        relief_by_month.campaign,
        relief_by_month.unit_id,
        relief_by_month.beneficiary_unit_id,
        to_char(relief_by_month.month_date, 'YYYY-MM') as period,
        coalesce(codes.label_zh, '金秋助学') as campaign_name,
        coalesce(codes.label_en, 'Autumn student aid') as campaign_name_en,
        relief_by_month.form_id,
        unit_months.org_id as group_id,
        extract(year from relief_by_month.month_date)::integer as year,
        relief_by_month.money_cny::numeric(18, 2) as money_cny,
        relief_by_month.persons::bigint as persons,
        case relief_by_month.form_id when 'relief' then 0 when 'hardship_aid' then 100 else 200 end
        + coalesce(codes.position, 1) as sort_key

    from relief_by_month
    left join codes
        on
            relief_by_month.form_id = codes.form_id
            and relief_by_month.field = codes.field
            and relief_by_month.campaign = codes.code
    left join unit_months
        on
            relief_by_month.unit_id = unit_months.unit_id
            and relief_by_month.month_date = unit_months.month_date

)

select * from final
