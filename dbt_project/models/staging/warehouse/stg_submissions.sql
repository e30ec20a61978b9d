with

source as (

    select * from {{ source('ops', 'submission') }}

),

withdrawals as (

    select * from {{ source('ops', 'withdrawal') }}

),

final as (

    select
        source.submission_id,
        source.form_id,
        source.unit_id,
        source.period,
        source.version,
        source.outcome,
        source.is_nil,
        source.rows_read as rows_read_count,
        source.rows_loaded as rows_loaded_count,
        source.rows_quarantined as rows_quarantined_count,
        source.rows_ignored as rows_ignored_count,
        source.received_at,
        source.decided_at,
        withdrawals.decided_at as withdrawn_at

    from source
    left join withdrawals on source.submission_id = withdrawals.submission_id

)

select * from final
