with

source as (

    select * from {{ source('landing', 'culture_activity') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        activity_kind,
        title,
        participants,
        participations,
        places,
        spend_cny,
        held_on as held_date

    from source

)

select * from final
