with

source as (

    select * from {{ source('landing', 'office_management') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        item_kind,
        title,
        held_on as held_date,
        participants

    from source

)

select * from final
