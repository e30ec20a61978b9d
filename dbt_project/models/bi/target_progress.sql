{{ config(tags=['every_night']) }}
with

targets as (

    select * from {{ ref('targets') }}

),

allocations as (

    select * from {{ ref('int_target_allocations') }}

),

plans as (

    select * from {{ ref('int_periods') }}
    where period_type = 'plan'

),

periods as (

    select * from {{ ref('int_periods') }}

),

-- A unit without an allocation has no amount of its own to reach; there are far more of them than of all others.
indicator_values as (

    select * from {{ ref('indicator_value') }}
    where org_level in ('group', 'province')

    union all

    select * from {{ ref('indicator_value') }}
    where org_level = 'unit' and org_id in (select allocations.org_id from allocations)

),

measure_values as (

    select * from {{ ref('int_measure_values') }}
    where basis <> 'as_now'

),

-- A rate that must be reached at the end of the plan has pace in every period; what is gathered over the plan, at the
-- end of each of its years; an amount for a year, in that year.
target_periods as (

    select
        targets.target_id,
        targets.plan_id,
        targets.indicator_id,
        targets.progress_measure,
        targets.kind,
        targets.kind like '%\_at\_end' as is_at_end,
        targets.kind like 'cumulative%' as is_cumulative,
        targets.unit,
        targets.name_zh,
        targets.name_en,
        targets.start_value,
        targets.target_value as province_value,
        periods.period,
        periods.period_type,
        periods.as_of_date,
        periods.first_date as period_first_date,
        periods.last_date as period_last_date,
        case targets.per when 'plan' then plans.first_date else periods.first_date end as first_date,
        case targets.per when 'plan' then plans.last_date else periods.last_date end as last_date

    from targets
    inner join plans
        on targets.plan_id = plans.period
    inner join periods
        on
            plans.first_date <= periods.first_date
            and plans.last_date >= periods.last_date
            and (
                targets.kind like '%\_at\_end'
                or targets.per = periods.period_type
                or (targets.kind like 'cumulative%' and periods.period_type = 'year')
            )

),

target_indicators as (

    select
        target_id,
        unnest(string_to_array(indicator_id, ';')) as indicator_id

    from targets

),

-- A target of two rounds has two shares: what is reached is their sum.
actuals as (

    select
        target_indicators.target_id,
        indicator_values.org_level,
        indicator_values.org_id,
        indicator_values.period,
        array_agg(indicator_values.value order by indicator_values.indicator_id) as shares

    from target_indicators
    inner join indicator_values
        on target_indicators.indicator_id = indicator_values.indicator_id
    group by 1, 2, 3, 4

),

-- What a group, or one year, is to bring is said by the allocation, where there is one; a group without one has the
-- rate of the whole to reach, and no amount. A year with an amount of its own is followed within that year.
allocated as (

    select
        target_periods.*,
        actuals.org_level,
        actuals.org_id,
        actuals.shares,
        of_period.target_value is not null and target_periods.period_type = 'year' as is_of_year,
        coalesce(
            of_period.target_value,
            of_plan.target_value,
            case when actuals.org_level = 'province' or target_periods.is_at_end then target_periods.province_value end
        ) as target_value

    from target_periods
    inner join actuals
        on
            target_periods.target_id = actuals.target_id
            and target_periods.period = actuals.period
    left join allocations as of_period
        on
            target_periods.target_id = of_period.target_id
            and target_periods.period = of_period.period
            and actuals.org_id = of_period.org_id
    left join allocations as of_plan
        on
            target_periods.target_id = of_plan.target_id
            and target_periods.plan_id = of_plan.period
            and actuals.org_id = of_plan.org_id
    where actuals.org_level <> 'unit' or of_period.target_id is not null or of_plan.target_id is not null

),

progress as (

    select
        allocated.target_id,
        allocated.org_id,
        allocated.period,
        allocated.org_level,
        allocated.period_type,
        allocated.indicator_id,
        allocated.name_zh,
        allocated.name_en,
        allocated.unit,
        allocated.start_value,
        allocated.target_value,
        allocated.as_of_date,
        case
            when allocated.is_of_year and not allocated.is_at_end then allocated.period_first_date
            else allocated.first_date
        end as first_date,
        case when allocated.is_of_year then allocated.period_last_date else allocated.last_date end as last_date,
        case
            when allocated.is_cumulative and not allocated.is_of_year then array[measure_values.value::numeric(38, 10)]
            else allocated.shares
        end as shares

    from allocated
    left join measure_values
        on
            allocated.progress_measure = measure_values.measure_id
            and allocated.org_level = measure_values.org_level
            and allocated.org_id = measure_values.org_id
            and allocated.period = measure_values.period
    where allocated.target_value is not null

),

elapsed as (

    select
        *,
        (as_of_date - first_date + 1)::numeric / (last_date - first_date + 1) as elapsed_share,
        start_value / cardinality(shares) as start_of_share

    from progress

),

paced as (

    select
        elapsed.*,
        elapsed.start_value + (elapsed.target_value - elapsed.start_value) * elapsed.elapsed_share as path_value,
        summed.actual,
        summed.forecast

    from elapsed
    cross join lateral (
        select
            -- Without one of its shares there is no sum.
            sum(each.share) / nullif(bool_and(each.share is not null)::integer, 0) as actual,
            sum(
                least(
                    elapsed.start_of_share + (each.share - elapsed.start_of_share) / elapsed.elapsed_share,
                    -- No share passes 100 %, however fast it grew.
                    case when elapsed.unit in ('share', 'rounds') then 1 end
                )
            ) / nullif(bool_and(each.share is not null)::integer, 0) as forecast
        from unnest(elapsed.shares) as each (share)
    ) as summed

),

final as (

    select
        target_id,
        org_id,
        period,
        org_level,
        period_type,
        indicator_id,
        name_zh,
        name_en,
        unit,
        actual::numeric(38, 10) as actual,
        target_value::numeric(38, 10) as target,
        path_value::numeric(38, 10) as path_value,
        forecast::numeric(38, 10) as forecast,
        first_date as plan_first_day,
        last_date as plan_last_day,
        elapsed_share::numeric(12, 10) as elapsed_share,
        case
            when actual is null then 'no_data'
            when actual >= target_value then 'met'
            -- Within 5 % of the straight path is on it: so little is lost and won again without a meaning.
            when actual > path_value * 1.05 then 'ahead'
            when actual >= path_value * 0.95 and elapsed_share < 1 then 'on_path'
            else 'behind'
        end as verdict

    from paced

)

select * from final
