with

source as (

    select * from {{ source('ops', 'closing') }}

),

reopenings as (

    select * from {{ source('ops', 'reopening') }}

),

final as (

    select
        source.closing_id,
        source.period,
        source.first_day as first_date,
        source.last_day as last_date,
        source.release_id,
        reopenings.reopening_id is not null as is_reopened

    from source
    left join reopenings on source.closing_id = reopenings.closing_id

)

select * from final
