{{ config(tags=['every_night'], indexes=[{'columns': ['unit_id']}]) }}
with

submissions as (

    select * from {{ ref('stg_submissions') }}

),

findings as (

    select * from {{ ref('stg_findings') }}
    where submission_id is not null

),

versions as (

    select
        *,
        row_number() over newest = 1 as is_newest,
        count(*) over answers as submissions_count,
        count(*) filter (where outcome = 'refused') over answers as refused_count

    from submissions
    window
        answers as (partition by form_id, unit_id, period),
        newest as (partition by form_id, unit_id, period order by version desc)

),

findings_by_submission as (

    select
        submission_id,
        count(*) filter (where severity = 'critical') as critical_count,
        count(*) filter (where severity = 'error') as error_count,
        count(*) filter (where severity = 'warning') as warning_count,
        count(*) filter (where severity = 'info') as info_count

    from findings
    group by 1

),

final as (

    select
        versions.form_id,
        versions.unit_id,
        versions.period,
        versions.version,
        versions.outcome,
        versions.submissions_count::bigint as submissions_count,
        versions.refused_count::bigint as refused_count,
        versions.rows_read_count as rows_read,
        versions.rows_loaded_count as rows_loaded,
        versions.rows_quarantined_count as rows_quarantined,
        versions.rows_ignored_count as rows_ignored,
        coalesce(findings_by_submission.critical_count, 0)::bigint as critical_count,
        coalesce(findings_by_submission.error_count, 0)::bigint as error_count,
        coalesce(findings_by_submission.warning_count, 0)::bigint as warning_count,
        coalesce(findings_by_submission.info_count, 0)::bigint as info_count

    from versions
    left join findings_by_submission
        on versions.submission_id = findings_by_submission.submission_id
    where versions.is_newest and versions.withdrawn_at is null

)

select * from final
