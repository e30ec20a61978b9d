with

source as (

    select * from {{ source('registers', 'code') }}

),

final as (

    select
        form_id,
        field,
        code,
        label_zh,
        label_en,
        position

    from source

)

select * from final
