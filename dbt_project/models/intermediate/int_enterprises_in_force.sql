{{ config(tags=['every_night']) }}
with

organisation_units as (

    select * from {{ ref('int_organisation_units') }}
    where unit_kind = 'enterprise'

),

periods as (

    select * from {{ ref('int_periods') }}

),

final as (

    select
        organisation_units.basis,
        organisation_units.unit_id,
        organisation_units.org_level,
        organisation_units.org_id,
        periods.period_type,
        periods.period,
        periods.first_date,
        periods.as_of_date

    from organisation_units
    inner join periods
        on periods.as_of_date between organisation_units.valid_from_date and organisation_units.valid_to_date

)

select * from final
