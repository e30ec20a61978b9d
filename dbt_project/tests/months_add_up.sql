-- What adds up, adds up over time: the months give their quarters, years and plans.
{% set changed_figures = changed('int_changed_figures') -%}
with

indicator_values as (

    select * from {{ ref('indicator_value') }}
    where {{ among(['indicator_id', 'org_level', 'org_id'], changed_figures, ['indicator_id', 'org_level', 'org_id']) }}

),

indicators as (

    select * from {{ ref('indicators') }}

),

measures as (

    select * from {{ ref('measures') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

summed_indicators as (

    select indicators.indicator_id
    from indicators
    inner join measures
        on indicators.numerator_measure = measures.measure_id
    where
        indicators.denominator_measure is null
        and indicators.subtracted_measure is null
        and measures.aggregation = 'sum'
        and measures.over_time = 'flow'

),

months as (

    select
        periods.period,
        longer.period as longer_period

    from periods
    inner join periods as longer
        on periods.first_date between longer.first_date and longer.last_date
    where periods.period_type = 'month' and longer.period_type <> 'month'

),

month_sums as (

    select
        indicator_values.indicator_id,
        indicator_values.org_level,
        indicator_values.org_id,
        months.longer_period,
        sum(indicator_values.value) as value

    from indicator_values
    inner join summed_indicators
        on indicator_values.indicator_id = summed_indicators.indicator_id
    inner join months
        on indicator_values.period = months.period
    group by 1, 2, 3, 4

)

select
    indicator_values.*,
    month_sums.value as months_value

from indicator_values
inner join month_sums
    on
        indicator_values.indicator_id = month_sums.indicator_id
        and indicator_values.org_level = month_sums.org_level
        and indicator_values.org_id = month_sums.org_id
        and indicator_values.period = month_sums.longer_period
where
    indicator_values.value is distinct from month_sums.value
    and {{ among(
        ['indicator_values.indicator_id', 'indicator_values.org_id', 'indicator_values.period'],
        changed_figures, ['indicator_id', 'org_id', 'period']
    ) }}
