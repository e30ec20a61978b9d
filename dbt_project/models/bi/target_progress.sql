with

targets as (

    select * from {{ ref('targets') }}

),

plans as (

    select * from {{ ref('int_periods') }}
    where period_type = 'plan'

),

periods as (

    select * from {{ ref('int_periods') }}

),

indicator_values as (

    select * from {{ ref('indicator_value') }}
    where org_level <> 'unit'

),

-- A rate that must be reached at the end of the plan has pace in every period, for groups as for the province. An
-- amount for a year or for the plan has pace in that period, and is the province's own.
target_periods as (

    select
        targets.target_id,
        targets.indicator_id,
        targets.kind,
        targets.unit,
        targets.name_zh,
        targets.name_en,
        targets.start_value,
        targets.target_value,
        periods.period,
        periods.period_type,
        periods.as_of_date,
        case targets.per when 'plan' then plans.first_date else periods.first_date end as first_date,
        case targets.per when 'plan' then plans.last_date else periods.last_date end as last_date

    from targets
    inner join plans
        on targets.plan_id = plans.period
    inner join periods
        on
            plans.first_date <= periods.first_date
            and plans.last_date >= periods.last_date
            and (targets.kind like '%\_at\_end' or targets.per = periods.period_type)

),

progress as (

    select
        target_periods.*,
        indicator_values.org_level,
        indicator_values.org_id,
        indicator_values.value as actual,
        (target_periods.as_of_date - target_periods.first_date + 1)::numeric
        / (target_periods.last_date - target_periods.first_date + 1) as elapsed_share

    from target_periods
    inner join indicator_values
        on
            target_periods.indicator_id = indicator_values.indicator_id
            and target_periods.period = indicator_values.period
            and (indicator_values.org_level = 'province' or target_periods.kind like '%\_at\_end')

),

paced as (

    select
        *,
        start_value + (target_value - start_value) * elapsed_share as path_value,
        start_value + (actual - start_value) / elapsed_share as straight_forecast

    from progress

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
        -- No share passes 100 %, however fast it grew.
        case
            when unit = 'share' and straight_forecast > 1 then 1
            else straight_forecast
        end::numeric(38, 10) as forecast,
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
