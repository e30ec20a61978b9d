{{ config(tags=['every_night'], indexes=[{'columns': ['unit_id']}]) }}
with

submissions as (

    select * from {{ ref('stg_submissions') }}

),

findings as (

    select * from {{ ref('stg_findings') }}

),

newest as (

    select distinct on (form_id, unit_id, period)
        submission_id,
        form_id,
        unit_id,
        period,
        withdrawn_at

    from submissions
    order by form_id asc, unit_id asc, period asc, version desc

),

final as (

    select
        newest.form_id,
        newest.unit_id,
        newest.period,
        findings.code,
        findings.severity,
        count(*) as findings

    from newest
    inner join findings
        on newest.submission_id = findings.submission_id
    where newest.withdrawn_at is null
    group by newest.form_id, newest.unit_id, newest.period, findings.code, findings.severity

)

select * from final
