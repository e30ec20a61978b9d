{% set changed_figures = changed('int_changed_figures') -%}
-- However its units are organised, the province has the same figures.
with

as_then as (

    select * from {{ ref('indicator_value') }}
    where
        org_level = 'province'
        and {{ among(['indicator_id', 'org_id', 'period'], changed_figures, ['indicator_id', 'org_id', 'period']) }}

),

as_now as (

    select * from {{ ref('indicator_value_as_now') }}
    where
        org_level = 'province'
        and {{ among(['indicator_id', 'org_id', 'period'], changed_figures, ['indicator_id', 'org_id', 'period']) }}

)

select
    as_then.indicator_id,
    as_then.period,
    as_then.value,
    as_now.value as value_as_now

from as_then
full join as_now
    on
        as_then.indicator_id = as_now.indicator_id
        and as_then.org_id = as_now.org_id
        and as_then.period = as_now.period
where
    as_then.indicator_id is null
    or as_now.indicator_id is null
    or as_then.value is distinct from as_now.value
    or as_then.numerator is distinct from as_now.numerator
    or as_then.denominator is distinct from as_now.denominator
