{{ config(tags=['every_night'], indexes=[{'columns': ['period']}]) }}
with

finding_summary as (

    select * from {{ ref('finding_summary') }}

),

organisations as (

    select * from {{ ref('organisation') }}

),

final as (

    select
        finding_summary.form_id,
        coalesce(organisations.group_id, organisations.province_id, '') as org_id,
        finding_summary.period,
        finding_summary.code,
        finding_summary.severity,
        sum(finding_summary.findings)::bigint as findings,
        count(distinct finding_summary.unit_id) as units_count

    from finding_summary
    left join organisations
        on finding_summary.unit_id = organisations.org_id
    group by 1, 2, 3, 4, 5

)

select * from final
