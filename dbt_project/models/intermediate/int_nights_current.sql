with

nights as (

    select * from {{ ref('stg_nights') }}

),

final as (

    select business_date
    from nights
    order by build_id desc
    limit 1

)

select * from final
