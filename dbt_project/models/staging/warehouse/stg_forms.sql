with

source as (

    select * from {{ source('registers', 'form') }}

),

final as (

    select
        form_id,
        title_zh as form_name_zh,
        title_en as form_name_en,
        is_register

    from source

)

select * from final
