with

source as (

    select * from {{ source('registers', 'rule') }}

),

final as (

    select
        code,
        form_id,
        what_zh,
        fix_zh

    from source

)

select * from final
