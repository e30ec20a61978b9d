with

units as (

    select * from {{ ref('int_units') }}

),

organisation_units as (

    select * from {{ ref('int_organisation_units') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

organisation_spans as (

    select
        organisation_units.basis,
        organisation_units.org_level,
        organisation_units.org_id,
        units.valid_from_date,
        coalesce(units.valid_to_date, 'infinity'::date) as valid_to_date

    from organisation_units
    inner join units
        on organisation_units.org_id = units.unit_id
    where organisation_units.basis <> 'as_now'

    union all

    -- As organised now, an organisation has figures for as long as anything existed that has become part of it.
    select
        basis,
        org_level,
        org_id,
        valid_from_date,
        valid_to_date

    from organisation_units
    where basis = 'as_now'

),

final as (

    select distinct
        organisation_spans.basis,
        organisation_spans.org_level,
        organisation_spans.org_id,
        periods.period_type,
        periods.period

    from organisation_spans
    inner join periods
        on
            organisation_spans.valid_from_date <= periods.as_of_date
            and organisation_spans.valid_to_date >= periods.first_date

)

select * from final
