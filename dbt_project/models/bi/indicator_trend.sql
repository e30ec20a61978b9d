{{ config(materialized='view', tags=['every_night']) }}
-- Published as a view over what is published (`connectors.warehouse.release_views`): a table of it would be as large as
-- all figures. What is imported is named twice, and Postgres would read all of it before it looks at what is asked for.
with

indicator_values as not materialized (

    select * from {{ ref('indicator_value') }}

),

indicator_periods as not materialized (

    select * from {{ ref('indicator_period') }}

),

units as not materialized (

    select * from {{ ref('unit') }}

),

organisations as (

    select
        org_level,
        unit_id as org_id,
        min(valid_from) as first_day,
        max(coalesce(valid_to, 'infinity'::date)) as last_day

    from units
    group by 1, 2

),

figures as (

    select
        indicator_values.indicator_id,
        indicator_values.org_level,
        indicator_values.org_id,
        indicator_values.period_type,
        indicator_values.period,
        indicator_periods.first_day,
        indicator_periods.last_day,
        indicator_periods.has_begun,
        indicator_values.value,
        indicator_values.numerator,
        indicator_values.denominator,
        indicator_values.completeness,
        indicator_values.status,
        case
            when indicator_values.value is not null then null
            when indicator_values.numerator is not null then 'no_base'
            when indicator_values.completeness is null and indicator_periods.has_ended then 'not_applicable'
            when not indicator_periods.is_due then 'not_due'
            else 'not_reported'
        end as gap_reason

    from indicator_values
    inner join indicator_periods
        on
            indicator_values.indicator_id = indicator_periods.indicator_id
            and indicator_values.period = indicator_periods.period

),

-- What a reader may not see is not there for them, though the organisation and its period are.
gaps as (

    select
        indicator_periods.indicator_id,
        organisations.org_level,
        organisations.org_id,
        indicator_periods.period_type,
        indicator_periods.period,
        indicator_periods.first_day,
        indicator_periods.last_day,
        indicator_periods.has_begun,
        null::numeric(38, 10) as value,
        null::numeric(38, 10) as numerator,
        null::numeric(38, 10) as denominator,
        null::numeric(12, 10) as completeness,
        null::text as status,
        case
            when not indicator_periods.has_begun then 'not_begun'
            when
                exists (
                    select units.unit_id
                    from units
                    where
                        units.unit_id = organisations.org_id
                        and units.valid_from <= indicator_periods.as_of_day
                        and coalesce(units.valid_to, 'infinity'::date) >= indicator_periods.first_day
                )
                then 'withheld'
            else 'not_in_register'
        end as gap_reason

    from organisations
    inner join indicator_periods
        on
            organisations.first_day <= indicator_periods.last_day
            and organisations.last_day >= indicator_periods.first_day
    where
        not exists (
            select indicator_values.indicator_id
            from indicator_values
            where
                indicator_values.indicator_id = indicator_periods.indicator_id
                and indicator_values.org_level = organisations.org_level
                and indicator_values.org_id = organisations.org_id
                and indicator_values.period_type = indicator_periods.period_type
                and indicator_values.period = indicator_periods.period
        )

),

final as (

    select * from figures
    union all
    select * from gaps

)

select * from final
