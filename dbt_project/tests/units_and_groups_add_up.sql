-- What is said to add up over organisations does, then as now: the units give the province, and so do the groups with
-- the office; of ratios, both parts.
{% set changed_figures = changed('int_changed_figures') -%}
with

indicator_values as (

    select
        'as_then' as basis,
        indicator_id,
        org_level,
        org_id,
        period,
        numerator,
        denominator

    from {{ ref('indicator_value') }}
    where {{ among(['indicator_id', 'period'], changed_figures, ['indicator_id', 'period']) }}

    union all

    select
        'as_now' as basis,
        indicator_id,
        org_level,
        org_id,
        period,
        numerator,
        denominator

    from {{ ref('indicator_value_as_now') }}
    where {{ among(['indicator_id', 'period'], changed_figures, ['indicator_id', 'period']) }}

),

indicators as (

    select * from {{ ref('indicator') }}
    where adds_over_units <> 'no'

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
        coalesce(
            sum(indicator_values.numerator) filter (
                where indicator_values.org_level = 'province'
            ), 0
        ) as province_numerator,
        coalesce(
            sum(indicator_values.numerator) filter (
                where indicator_values.org_level = 'unit'
            ), 0
        ) as units_numerator,
        coalesce(
            sum(indicator_values.numerator) filter (
                where indicator_values.org_level = 'group' or outside_groups.unit_id is not null
            ), 0
        ) as groups_numerator,
        coalesce(
            sum(indicator_values.denominator) filter (
                where indicator_values.org_level = 'province'
            ), 0
        ) as province_denominator,
        coalesce(
            sum(indicator_values.denominator) filter (
                where indicator_values.org_level = 'unit'
            ), 0
        ) as units_denominator,
        coalesce(
            sum(indicator_values.denominator) filter (
                where indicator_values.org_level = 'group' or outside_groups.unit_id is not null
            ), 0
        ) as groups_denominator

    from indicator_values
    inner join indicators
        on indicator_values.indicator_id = indicators.indicator_id
    left join outside_groups
        on indicator_values.org_id = outside_groups.unit_id
    group by 1, 2, 3

)

select *
from totals
where
    (province_numerator, province_denominator) <> (units_numerator, units_denominator)
    or (province_numerator, province_denominator) <> (groups_numerator, groups_denominator)
