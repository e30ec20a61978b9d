with

source as (

    select * from {{ source('landing', 'post_roster') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        person_token,
        role,
        post_started_on as post_started_date,
        post_ended_on as post_ended_date

    from source

)

select * from final
