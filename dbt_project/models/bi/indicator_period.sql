{{ config(tags=['every_night']) }}
with

indicators as (

    select * from {{ ref('indicators') }}

),

measures as (

    select * from {{ ref('measures') }}

),

forms as (

    select * from {{ ref('stg_forms') }}

),

reporting_calendar as (

    select * from {{ ref('stg_reporting_calendar') }}

),

begun as (

    select * from {{ ref('int_periods') }}

),

nights as (

    select * from {{ ref('int_nights_current') }}

),

plan_spans as (

    select
        min(first_date) as first_date,
        max(last_date) as last_date

    from begun
    where period_type = 'plan'

),

to_come as (

    select
        to_char(moments.moment, kind.id_format) as period,
        kind.period_type,
        moments.moment::date as first_date,
        (moments.moment + kind.span - interval '1 day')::date as last_date

    from plan_spans
    cross join nights
    cross join (
        values
        ('month', interval '1 month', 'YYYY-MM'),
        ('quarter', interval '3 months', 'YYYY-"Q"Q'),
        ('year', interval '1 year', 'YYYY')
    ) as kind (period_type, span, id_format)
    cross join generate_series(plan_spans.first_date, plan_spans.last_date, kind.span) as moments (moment)
    where moments.moment > nights.business_date

),

periods as (

    select
        period,
        period_type,
        first_date,
        last_date,
        as_of_date,
        has_ended

    from begun

    union all

    select
        period,
        period_type,
        first_date,
        last_date,
        null as as_of_date,
        false as has_ended

    from to_come

),

indicator_forms as (

    select distinct
        indicators.indicator_id,
        forms.form_id

    from indicators
    inner join measures
        on
            measures.measure_id in (
                indicators.numerator_measure, indicators.subtracted_measure, indicators.denominator_measure
            )
    inner join forms
        on
            forms.form_id = any(string_to_array(measures.forms, ';'))
            or measures.forms = 'all'

),

days_due as (

    select
        indicator_forms.indicator_id,
        periods.period,
        max(reporting_calendar.due_date) as due_date

    from indicator_forms
    inner join reporting_calendar
        on indicator_forms.form_id = reporting_calendar.form_id
    inner join periods
        on reporting_calendar.last_date between periods.first_date and periods.last_date
    group by 1, 2

),

final as (

    select
        indicators.indicator_id,
        periods.period,
        periods.period_type,
        periods.first_date as first_day,
        periods.last_date as last_day,
        periods.as_of_date as as_of_day,
        periods.as_of_date is not null as has_begun,
        periods.has_ended,
        days_due.due_date as due_day,
        coalesce(days_due.due_date < nights.business_date, false) as is_due

    from indicators
    cross join periods
    cross join nights
    left join days_due
        on
            indicators.indicator_id = days_due.indicator_id
            and periods.period = days_due.period

)

select * from final
