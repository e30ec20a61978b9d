with

source as (

    select * from {{ source('landing', 'recuperation') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        batch,
        batch_kind,
        participant_token,
        participant_unit as participant_unit_id,
        family_members,
        place,
        first_day as first_date,
        last_day as last_date

    from source

)

select * from final
