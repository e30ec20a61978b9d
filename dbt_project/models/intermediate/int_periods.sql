{{ config(tags=['every_night']) }}
with

plans as (

    select * from {{ ref('plans') }}

),

nights as (

    select * from {{ ref('int_nights_current') }}

),

plan_spans as (

    select
        plan_id,
        make_date(first_year, 1, 1) as first_date,
        make_date(last_year, 12, 31) as last_date

    from plans

),

reported_days as (

    select
        min(plan_spans.first_date) as first_date,
        max(nights.business_date) as last_date

    from plan_spans
    cross join nights

),

starts as (

    select
        kind.period_type,
        kind.span,
        kind.id_format,
        moment::date as first_date

    from reported_days
    cross join (
        values
        ('month', interval '1 month', 'YYYY-MM'),
        ('quarter', interval '3 months', 'YYYY-"Q"Q'),
        ('year', interval '1 year', 'YYYY')
    ) as kind (period_type, span, id_format)
    cross join generate_series(reported_days.first_date, reported_days.last_date, kind.span) as moment

),

calendar_periods as (

    select
        to_char(first_date, id_format) as period,
        period_type,
        first_date,
        (first_date + span - interval '1 day')::date as last_date

    from starts

),

plan_periods as (

    select
        plan_spans.plan_id as period,
        'plan' as period_type,
        plan_spans.first_date,
        plan_spans.last_date

    from plan_spans
    cross join nights
    where plan_spans.first_date <= nights.business_date

),

periods as (

    select * from calendar_periods
    union all
    select * from plan_periods

),

final as (

    select
        periods.period,
        periods.period_type,
        periods.first_date,
        periods.last_date,
        least(periods.last_date, nights.business_date) as as_of_date,
        periods.last_date < nights.business_date as has_ended

    from periods
    cross join nights

)

select * from final
