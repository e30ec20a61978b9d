with

source as (

    select * from {{ source('ops', 'dbt_build') }}

),

final as (

    select
        build_id,
        business_date,
        last_submission_id,
        last_event_id,
        base_build_id

    from source

)

select * from final
