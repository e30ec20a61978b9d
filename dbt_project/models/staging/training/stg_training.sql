with

source as (

    select * from {{ source('landing', 'training') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        training_kind,
        course,
        organiser,
        first_day as first_date,
        last_day as last_date,
        hours,
        trainee_token,
        passed

    from source

)

select * from final
