with

source as (

    select * from {{ source('ops', 'dbt_build') }}

),

final as (

    select
        build_id,
        business_date

    from source

)

select * from final
