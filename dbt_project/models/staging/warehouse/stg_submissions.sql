with

source as (

    select * from {{ source('ops', 'submission') }}

),

final as (

    select
        submission_id,
        form_id,
        unit_id,
        period,
        version,
        outcome,
        is_nil,
        rows_read as rows_read_count,
        rows_loaded as rows_loaded_count,
        rows_quarantined as rows_quarantined_count,
        rows_ignored as rows_ignored_count,
        received_at,
        decided_at

    from source

)

select * from final
