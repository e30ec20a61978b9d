with

source as (

    select * from {{ source('registers', 'reporting_calendar') }}

),

final as (

    select
        form_id,
        period,
        period_type,
        first_day as first_date,
        last_day as last_date,
        due_date

    from source

)

select * from final
