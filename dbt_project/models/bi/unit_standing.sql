{{
    config(
        materialized='incremental',
        tags=['every_night'],
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['unit_id', 'indicator_id', 'period']}],
        scope="(indicator_id, period) in (select indicator_id, period from intermediate.int_changed_figures where basis <> 'as_now' and org_level = 'unit' and length(period) = 4)"
    )
}}
{% set figures = changed('int_changed_figures') -%}
{% set changed_years = "(select * from " ~ figures
    ~ " where basis <> 'as_now' and org_level = 'unit' and length(period) = 4) as changed_years" -%}
with

-- One unit's figure moves the place of every other: an indicator and year is computed whole.
indicator_values as (

    select * from {{ ref('indicator_value') }}
    where
        org_level = 'unit'
        and period_type = 'year'
        and value is not null
        and {{ among(['indicator_id', 'period'], changed_years, ['indicator_id', 'period']) }}

),

peers as (

    select
        indicator_id,
        period,
        percentile_cont(0.5) within group (order by value) as peers_median,
        count(*) as peers_count

    from indicator_values
    group by indicator_id, period

),

final as (

    select
        indicator_values.indicator_id,
        indicator_values.period,
        indicator_values.org_id as unit_id,
        rank() over (
            partition by indicator_values.indicator_id, indicator_values.period order by indicator_values.value desc
        ) as place,
        peers.peers_count,
        peers.peers_median::numeric(38, 10) as peers_median

    from indicator_values
    inner join peers
        on
            indicator_values.indicator_id = peers.indicator_id
            and indicator_values.period = peers.period

)

select * from final
