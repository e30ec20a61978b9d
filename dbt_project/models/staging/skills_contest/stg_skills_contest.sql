with

source as (

    select * from {{ source('landing', 'skills_contest') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        contest,
        contest_level,
        trade,
        participants,
        finalists,
        held_on as held_date

    from source

)

select * from final
