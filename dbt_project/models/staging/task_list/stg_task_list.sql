with

source as (

    select * from {{ source('landing', 'task_list') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        unit_class,
        task,
        weight,
        target,
        progress_percent,
        self_score,
        reviewed_score

    from source

)

select * from final
