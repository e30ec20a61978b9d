with

source as (

    select * from {{ source('landing', 'model_worker') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        person_token,
        honour_level,
        honour_year,
        skill_trade

    from source

)

select * from final
