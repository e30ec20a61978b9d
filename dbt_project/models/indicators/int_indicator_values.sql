{% set changed_figures = changed('int_changed_figures') -%}
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

periods_closed as (

    select * from {{ ref('int_periods_closed') }}

),

figures_frozen as (

    select * from {{ ref('int_figures_frozen') }}

),

indicator_sides as (

    select
        indicators.indicator_id,
        sides.side,
        sides.measure_id

    from indicators
    cross join lateral (
        values
        ('numerator', indicators.numerator_measure),
        ('subtracted', indicators.subtracted_measure),
        ('denominator', indicators.denominator_measure)
    ) as sides (side, measure_id)

),

-- Every indicator of every organisation that existed; one that no longer did keeps what was still counted for it. One
-- grouping brings the sides together, where joining them one by one took twice as long.
indicator_parts as (

    select
        organisation_periods.basis,
        indicators.indicator_id,
        organisation_periods.org_level,
        organisation_periods.org_id,
        organisation_periods.period,
        'organisation' as side,
        organisation_periods.period_type,
        null as value

    from indicators
    cross join organisation_periods
    where {{ among(
        ['organisation_periods.basis', 'indicators.indicator_id', 'organisation_periods.org_level', 'organisation_periods.org_id', 'organisation_periods.period'],
        changed_figures, ['basis', 'indicator_id', 'org_level', 'org_id', 'period']
    ) }}

    union all

    select
        measure_values.basis,
        indicator_sides.indicator_id,
        measure_values.org_level,
        measure_values.org_id,
        measure_values.period,
        indicator_sides.side,
        measure_values.period_type,
        measure_values.value

    from indicator_sides
    inner join measure_values
        on indicator_sides.measure_id = measure_values.measure_id
    where {{ among(
        ['measure_values.basis', 'indicator_sides.indicator_id', 'measure_values.org_level', 'measure_values.org_id', 'measure_values.period'],
        changed_figures, ['basis', 'indicator_id', 'org_level', 'org_id', 'period']
    ) }}

    union all

    select
        basis,
        indicator_id,
        org_level,
        org_id,
        period,
        'completeness' as side,
        null as period_type,
        completeness as value

    from completeness

),

measured as (

    select
        basis,
        indicator_id,
        org_level,
        org_id,
        period,
        max(period_type) as period_type,
        max(value) filter (where side = 'numerator') as numerator,
        max(value) filter (where side = 'subtracted') as subtracted,
        max(value) filter (where side = 'denominator') as denominator,
        max(value) filter (where side = 'completeness') as completeness

    from indicator_parts
    group by 1, 2, 3, 4, 5
    having bool_or(side in ('organisation', 'numerator'))

),

calculated as (

    select
        measured.basis,
        measured.indicator_id,
        measured.org_level,
        measured.org_id,
        measured.period_type,
        measured.period,
        -- The only division of an indicator. Ten decimals are kept; people are shown fewer.
        case
            when indicators.denominator_measure is not null then measured.numerator / nullif(measured.denominator, 0)
            -- Growth on a year that nobody reported is not known.
            when indicators.subtracted_measure is not null then measured.numerator - measured.subtracted
            else measured.numerator
        end::numeric(38, 10) as value,
        measured.numerator::numeric(38, 10) as numerator,
        measured.denominator::numeric(38, 10) as denominator,
        measured.completeness::numeric(12, 10) as completeness

    from measured
    inner join indicators
        on measured.indicator_id = indicators.indicator_id

),

-- A figure is restated once it is another than a closing froze, and stays so when its period is closed again.
final as (

    select
        calculated.*,
        case
            when
                calculated.basis <> 'as_now' and periods_closed.was_reopened
                and (
                    coalesce(figures_frozen.is_restated, false)
                    or calculated.value is distinct from figures_frozen.value
                )
                then 'restated'
            when periods_closed.is_closed then 'closed'
            else 'provisional'
        end as status

    from calculated
    left join periods_closed
        on calculated.period = periods_closed.period
    left join figures_frozen
        on
            calculated.indicator_id = figures_frozen.indicator_id
            and calculated.org_level = figures_frozen.org_level
            and calculated.org_id = figures_frozen.org_id
            and calculated.period = figures_frozen.period

)

select * from final
