with

source as (

    select * from {{ source('landing', 'apprenticeship') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        batch,
        mentor_token,
        mentor_unit as mentor_unit_id,
        apprentice_token,
        apprentice_unit as apprentice_unit_id,
        trade,
        signed_on as signed_date,
        ended_on as ended_date,
        outcome

    from source

)

select * from final
