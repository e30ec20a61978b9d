-- What adds up, adds up over the organisation, then as now: the units give the province, and so do the groups with the
-- office.
{% set changed_figures = changed('int_changed_figures') -%}
with

indicator_values as (

    select
        'as_then' as basis,
        indicator_id,
        org_level,
        org_id,
        period,
        value

    from {{ ref('indicator_value') }}
    where {{ among(['indicator_id', 'period'], changed_figures, ['indicator_id', 'period']) }}

    union all

    select
        'as_now' as basis,
        indicator_id,
        org_level,
        org_id,
        period,
        value

    from {{ ref('indicator_value_as_now') }}
    where {{ among(['indicator_id', 'period'], changed_figures, ['indicator_id', 'period']) }}

),

indicators as (

    select * from {{ ref('indicators') }}

),

measures as (

    select * from {{ ref('measures') }}

),

summed_indicators as (

    select indicators.indicator_id
    from indicators
    inner join measures
        on indicators.numerator_measure = measures.measure_id
    where indicators.denominator_measure is null and measures.aggregation = 'sum'

),

outside_groups as (

    select distinct unit_id
    from {{ ref('int_units') }}
    where unit_kind = 'provincial_office'

),

totals as (

    select
        indicator_values.basis,
        indicator_values.indicator_id,
        indicator_values.period,
        coalesce(sum(indicator_values.value) filter (where indicator_values.org_level = 'province'), 0) as province,
        coalesce(sum(indicator_values.value) filter (where indicator_values.org_level = 'unit'), 0) as units,
        coalesce(sum(indicator_values.value) filter (where indicator_values.org_level = 'group'), 0)
        + coalesce(sum(indicator_values.value) filter (where outside_groups.unit_id is not null), 0) as groups

    from indicator_values
    inner join summed_indicators
        on indicator_values.indicator_id = summed_indicators.indicator_id
    left join outside_groups
        on indicator_values.org_id = outside_groups.unit_id
    group by 1, 2, 3

)

select *
from totals
where province <> units or province <> groups
