with

source as (

    select * from {{ source('landing', 'innovation_award') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        project,
        award_grade,
        award_cny,
        spread_units

    from source

)

select * from final
