with

periods as (

    select * from {{ ref('int_periods') }}

),

closings as (

    select * from {{ ref('stg_closings') }}

),

final as (

    select
        periods.period,
        bool_or(not closings.is_reopened) as is_closed,
        bool_or(closings.is_reopened) as was_reopened

    from periods
    inner join closings
        on
            periods.first_date >= closings.first_date
            and periods.last_date <= closings.last_date
    group by periods.period

)

select * from final
