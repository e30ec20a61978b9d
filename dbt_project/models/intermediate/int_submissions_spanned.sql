{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope='true'
    )
}}
with

submissions as (

    select * from {{ ref('stg_submissions') }}
    -- What came for a closed period waits; it counts from when the period is reopened.
    where outcome = 'accepted' and is_held is not true

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
        coalesce(let_in_at, decided_at) as in_force_from_at,
        coalesce(withdrawn_at, lead(coalesce(let_in_at, decided_at)) over versions) as in_force_to_at,
        lead(submission_id) over versions is null and withdrawn_at is null as is_in_force,
        min(received_at) over versions as first_received_at

    from submissions
    window versions as (partition by form_id, unit_id, period order by version)

)

select * from final
