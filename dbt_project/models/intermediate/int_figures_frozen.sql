with

periods as (

    select * from {{ ref('int_periods') }}

),

periods_closed as (

    select * from {{ ref('int_periods_closed') }}
    where was_reopened

),

closings as (

    select * from {{ ref('stg_closings') }}

),

history as (

    select * from {{ ref('stg_indicator_value_history') }}

),

frozen_periods as (

    select
        closings.closing_id,
        closings.release_id,
        periods.period

    from periods_closed
    inner join periods
        on periods_closed.period = periods.period
    inner join closings
        on
            periods.first_date >= closings.first_date
            and periods.last_date <= closings.last_date

),

frozen as (

    select
        history.indicator_id,
        history.org_level,
        history.org_id,
        history.period,
        frozen_periods.closing_id,
        history.value

    from frozen_periods
    inner join history
        on
            frozen_periods.period = history.period
            and frozen_periods.release_id >= history.valid_from_release
            and (history.valid_to_release is null or frozen_periods.release_id < history.valid_to_release)

),

final as (

    select
        indicator_id,
        org_level,
        org_id,
        period,
        ((array_agg(value order by closing_id desc))[1])::numeric(38, 10) as value,
        count(distinct value) > 1 or (count(value) > 0 and count(value) < count(*)) as is_restated

    from frozen
    group by 1, 2, 3, 4

)

select * from final
