with

source as (

    select * from {{ source('landing', 'innovation_studio') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        studio,
        studio_level,
        trade,
        founded_on as founded_date,
        alliance,
        alliance_trade,
        alliance_role,
        alliance_founded_on as alliance_founded_date,
        results_count

    from source

)

select * from final
