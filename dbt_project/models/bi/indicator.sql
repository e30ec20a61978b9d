with

indicators as (

    select * from {{ ref('indicators') }}

),

measures as (

    select * from {{ ref('measures') }}

),

-- A part adds up over organisations if it is a sum, and over periods if what it sums happened in them. What is counted
-- once does neither (the same person may be counted elsewhere), nor does what is taken at the end of each period.
parts as (

    select
        indicators.indicator_id,
        bool_and(measures.aggregation = 'sum') as adds_over_units,
        bool_and(
            measures.aggregation = 'sum' and measures.over_time = 'flow' and measures.membership = 'as_then'
        ) as adds_over_time

    from indicators
    inner join measures
        on
            measures.measure_id in (
                indicators.numerator_measure, indicators.subtracted_measure, indicators.denominator_measure
            )
    group by 1

),

final as (

    select
        indicators.indicator_id,
        indicators.position,
        indicators.pillar,
        indicators.programme,
        indicators.name_zh,
        indicators.name_en,
        indicators.unit,
        indicators.unit_zh,
        indicators.over_time,
        indicators.better,
        indicators.sensitivity,
        indicators.numerator_measure,
        indicators.subtracted_measure,
        indicators.denominator_measure,
        indicators.definition_zh,
        indicators.definition_en,
        case
            when not parts.adds_over_units then 'no'
            when indicators.denominator_measure is null then 'value'
            else 'parts'
        end as adds_over_units,
        case
            when not parts.adds_over_time then 'no'
            when indicators.denominator_measure is null then 'value'
            else 'parts'
        end as adds_over_time

    from indicators
    inner join parts
        on indicators.indicator_id = parts.indicator_id

)

select * from final
