with

source as (

    select * from {{ source('landing', 'student_aid') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        worker_token,
        student_token,
        relation,
        school_stage,
        amount_cny,
        paid_on as paid_date

    from source

)

select * from final
