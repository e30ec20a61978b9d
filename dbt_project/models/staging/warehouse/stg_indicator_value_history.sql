with

source as (

    select * from {{ source('bi', 'indicator_value_history') }}

),

final as (

    select
        indicator_id,
        org_level,
        org_id,
        period,
        value,
        valid_from_release,
        valid_to_release

    from source

)

select * from final
