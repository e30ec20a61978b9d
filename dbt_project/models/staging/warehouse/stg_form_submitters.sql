with

source as (

    select * from {{ source('registers', 'form_submitter') }}

),

final as (

    select
        form_id,
        unit_kind

    from source

)

select * from final
