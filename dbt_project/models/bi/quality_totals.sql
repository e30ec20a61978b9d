{{ config(tags=['every_night']) }}
with

data_quality_summary as (

    select * from {{ ref('data_quality_summary') }}

),

organisations as (

    select * from {{ ref('organisation') }}

),

final as (

    select
        data_quality_summary.form_id,
        coalesce(organisations.group_id, organisations.province_id, '') as org_id,
        data_quality_summary.period,
        sum(data_quality_summary.submissions_count)::bigint as submissions_count,
        sum(data_quality_summary.refused_count)::bigint as refused_count,
        sum(data_quality_summary.rows_loaded)::bigint as rows_loaded,
        sum(data_quality_summary.rows_quarantined)::bigint as rows_quarantined,
        sum(data_quality_summary.critical_count)::bigint as critical_count,
        sum(data_quality_summary.error_count)::bigint as error_count,
        sum(data_quality_summary.warning_count)::bigint as warning_count

    from data_quality_summary
    left join organisations
        on data_quality_summary.unit_id = organisations.org_id
    group by 1, 2, 3

)

select * from final
