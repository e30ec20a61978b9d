with

source as (

    select * from {{ source('landing', 'corps_activity') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        host_name,
        host_kind,
        activity_kind,
        problems_collected,
        problems_solved,
        attendance,
        held_on as held_date

    from source

)

select * from final
