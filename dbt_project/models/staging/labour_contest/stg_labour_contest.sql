with

source as (

    select * from {{ source('landing', 'labour_contest') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        category,
        project,
        is_key_project,
        task_book_signed_on as task_book_signed_date,
        participants,
        economic_result_cny,
        contest_status

    from source

)

select * from final
