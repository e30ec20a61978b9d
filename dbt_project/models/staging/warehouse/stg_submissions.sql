with

source as (

    select * from {{ source('ops', 'submission') }}

),

withdrawals as (

    select * from {{ source('ops', 'withdrawal') }}

),

held as (

    select * from {{ source('ops', 'submission_held') }}

),

let_in as (

    select * from {{ source('ops', 'submission_let_in') }}

),

events as (

    select * from {{ source('ops', 'event') }}

),

-- A build sees the ledger as it was when it began, however much another run writes meanwhile.
boundary as (

    select
        last_submission_id,
        last_event_id

    from {{ source('ops', 'dbt_build') }}
    order by build_id desc
    limit 1

),

later as (

    select
        events.submission_id,
        events.kind

    from events
    where events.event_id > (select boundary.last_event_id from boundary)

),

withdrawn_later as (

    select later.submission_id
    from later
    where later.kind = 'withdrawn'

),

let_in_later as (

    select later.submission_id
    from later
    where later.kind = 'let_in'

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
        withdrawals.decided_at as withdrawn_at,
        held.submission_id is not null and let_in.submission_id is null as is_held,
        let_in.let_in_at

    from source
    left join withdrawals
        on
            source.submission_id = withdrawals.submission_id
            and withdrawals.submission_id not in (select withdrawn_later.submission_id from withdrawn_later)
    left join held on source.submission_id = held.submission_id
    left join let_in
        on
            source.submission_id = let_in.submission_id
            and let_in.submission_id not in (select let_in_later.submission_id from let_in_later)
    where source.submission_id <= (select boundary.last_submission_id from boundary)

)

select * from final
