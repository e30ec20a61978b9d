{{ config(tags=['every_night']) }}
with

periods as (

    select * from {{ ref('int_periods') }}

),

plans as (

    select * from {{ ref('plans') }}

),

final as (

    select
        periods.period,
        periods.period_type,
        periods.first_date as first_day,
        periods.last_date as last_day,
        periods.as_of_date as as_of_day,
        periods.has_ended,
        coalesce(plans.name_zh, case periods.period_type
            when 'month' then to_char(periods.first_date, 'YYYY"年"FMMM"月"')
            when 'quarter' then to_char(periods.first_date, 'YYYY"年第"Q"季度"')
            else to_char(periods.first_date, 'YYYY"年"')
        end) as name_zh,
        coalesce(plans.name_en, case periods.period_type
            when 'month' then to_char(periods.first_date, 'FMMonth YYYY')
            when 'quarter' then to_char(periods.first_date, '"Q"Q YYYY')
            else to_char(periods.first_date, 'YYYY')
        end) as name_en,
        extract(year from periods.first_date)::integer as first_year

    from periods
    left join plans
        on periods.period = plans.plan_id

)

select * from final
