-- What is gathered over a plan is counted to date at the end of each year, and for the plan as the indicator has it.
{% set changed_figures = changed('int_changed_figures') -%}
with

targets as (

    select * from {{ ref('targets') }}

),

measure_values as (

    select * from {{ ref('int_measure_values') }}

),

indicator_values as (

    select * from {{ ref('indicator_value') }}
    where {{ among(['indicator_id', 'org_id', 'period'], changed_figures, ['indicator_id', 'org_id', 'period']) }}

)

select
    targets.target_id,
    indicator_values.org_id,
    indicator_values.value,
    measure_values.value as progress

from targets
inner join indicator_values
    on
        targets.indicator_id = indicator_values.indicator_id
        and targets.plan_id = indicator_values.period
left join measure_values
    on
        targets.progress_measure = measure_values.measure_id
        and indicator_values.org_level = measure_values.org_level
        and indicator_values.org_id = measure_values.org_id
        and indicator_values.period = measure_values.period
        and measure_values.basis <> 'as_now'
where targets.progress_measure is not null and indicator_values.value is distinct from measure_values.value
