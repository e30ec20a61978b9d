{{ config(tags=['every_night']) }}
with

measures as (

    select * from {{ ref('measures') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

plans as (

    select * from {{ ref('int_periods') }}
    where period_type = 'plan'

),

-- A period belongs to one plan: the plan itself, or the newest one that it lies in.
period_plans as (

    select distinct on (periods.period)
        periods.period,
        plans.first_date as plan_first_date

    from periods
    inner join plans
        on
            periods.period = plans.period
            or (
                periods.period_type <> 'plan'
                and periods.first_date >= plans.first_date
                and periods.last_date <= plans.last_date
            )
    order by periods.period asc, plans.first_date desc

),

spans as (

    select
        measures.measure_id,
        periods.period_type,
        periods.period,
        case
            when measures.over_time <> 'cumulative'
                then (periods.first_date - make_interval(years => measures.shift_years))::date
            when measures.since = 'plan' then period_plans.plan_first_date
            else measures.since::date
        end as first_date,
        (periods.as_of_date - make_interval(years => measures.shift_years))::date as as_of_date

    from measures
    cross join periods
    left join period_plans
        on periods.period = period_plans.period

),

-- What is counted since the plan began has no value in a period without a plan.
final as (

    select * from spans
    where first_date is not null

)

select * from final
