with

indicators as (

    select * from {{ ref('indicators') }}

),

organisation_periods as (

    select * from {{ ref('int_organisation_periods') }}

),

measure_values as (

    select * from {{ ref('int_measure_values') }}

),

completeness as (

    select * from {{ ref('int_indicator_completeness') }}

),

-- Every indicator of every organisation that existed; one that no longer did keeps what was still counted for it.
indicator_grid as (

    select
        indicators.indicator_id,
        organisation_periods.org_level,
        organisation_periods.org_id,
        organisation_periods.period_type,
        organisation_periods.period

    from indicators
    cross join organisation_periods

    union

    select
        indicators.indicator_id,
        measure_values.org_level,
        measure_values.org_id,
        measure_values.period_type,
        measure_values.period

    from indicators
    inner join measure_values
        on indicators.numerator_measure = measure_values.measure_id

),

measured as (

    select
        indicator_grid.*,
        indicators.denominator_measure is not null as has_denominator,
        numerators.value as numerator,
        denominators.value as denominator

    from indicator_grid
    inner join indicators
        on indicator_grid.indicator_id = indicators.indicator_id
    left join measure_values as numerators
        on
            indicators.numerator_measure = numerators.measure_id
            and indicator_grid.org_level = numerators.org_level
            and indicator_grid.org_id = numerators.org_id
            and indicator_grid.period = numerators.period
    left join measure_values as denominators
        on
            indicators.denominator_measure = denominators.measure_id
            and indicator_grid.org_level = denominators.org_level
            and indicator_grid.org_id = denominators.org_id
            and indicator_grid.period = denominators.period

),

final as (

    select
        measured.indicator_id,
        measured.org_level,
        measured.org_id,
        measured.period_type,
        measured.period,
        -- The only division of an indicator. Ten decimals are kept; people are shown fewer.
        case
            when measured.has_denominator then measured.numerator / nullif(measured.denominator, 0)
            else measured.numerator
        end::numeric(38, 10) as value,
        measured.numerator::numeric(38, 10) as numerator,
        measured.denominator::numeric(38, 10) as denominator,
        completeness.completeness::numeric(12, 10) as completeness,
        'provisional' as status

    from measured
    left join completeness
        on
            measured.indicator_id = completeness.indicator_id
            and measured.org_level = completeness.org_level
            and measured.org_id = completeness.org_id
            and measured.period = completeness.period

)

select * from final
