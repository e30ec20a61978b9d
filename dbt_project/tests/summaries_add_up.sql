-- A summary holds each answer, row and finding of what it sums, once.
with

sums as (

    select
        'reporting_summary' as summary,
        (select sum(expected_count) from {{ ref('reporting_summary') }}) as summed,
        (select sum(expected::integer) from {{ ref('completeness') }}) as counted

    union all

    select
        'quality_totals' as summary,
        (select sum(rows_loaded + rows_quarantined) from {{ ref('quality_totals') }}) as summed,
        (select sum(rows_loaded + rows_quarantined) from {{ ref('data_quality_summary') }}) as counted

    union all

    select
        'finding_totals' as summary,
        (select sum(findings) from {{ ref('finding_totals') }}) as summed,
        (select sum(findings) from {{ ref('finding_summary') }}) as counted

)

select * from sums
where coalesce(summed, 0) <> coalesce(counted, 0)
