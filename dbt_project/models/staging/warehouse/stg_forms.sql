with

source as (

    select * from {{ source('registers', 'form') }}

),

final as (

    select
        form_id,
        title_zh as form_title,
        title_en as form_title_en,
        is_register

    from source

)

select * from final
