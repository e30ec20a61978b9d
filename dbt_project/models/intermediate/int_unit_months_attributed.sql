with

organisation_units as (

    select * from {{ ref('int_organisation_units') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

months as (

    select
        first_date,
        last_date

    from periods
    where period_type = 'month'

),

final as (

    select
        organisation_units.unit_id,
        months.first_date as month_date,
        organisation_units.org_level,
        organisation_units.org_id,
        periods.period_type,
        periods.period

    from organisation_units
    inner join months
        on months.last_date between organisation_units.counted_from_date and organisation_units.counted_to_date
    inner join periods
        on months.first_date between periods.first_date and periods.last_date

)

select * from final
