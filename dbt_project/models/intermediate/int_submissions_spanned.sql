with

submissions as (

    select * from {{ ref('stg_submissions') }}
    where outcome = 'accepted'

),

final as (

    select
        submission_id,
        form_id,
        unit_id,
        period,
        {{ period_last_date('period') }} as period_last_date,
        version,
        is_nil,
        rows_read_count,
        rows_loaded_count,
        rows_quarantined_count,
        rows_ignored_count,
        received_at,
        decided_at as in_force_from_at,
        coalesce(withdrawn_at, lead(decided_at) over versions) as in_force_to_at,
        lead(submission_id) over versions is null and withdrawn_at is null as is_in_force,
        min(received_at) over versions as first_received_at

    from submissions
    window versions as (partition by form_id, unit_id, period order by version)

)

select * from final
