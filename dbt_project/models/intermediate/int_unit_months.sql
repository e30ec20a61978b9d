with

organisation_units as (

    select * from {{ ref('int_organisation_units') }}

),

measure_periods as (

    select * from {{ ref('int_measure_periods') }}

),

-- Some measures reach back behind the first plan: growth by a year, what is counted since a fixed day until that day.
spanned_days as (

    select
        min(first_date) as first_date,
        max(as_of_date) as last_date

    from measure_periods

),

months as (

    select
        moments.moment::date as first_date,
        (moments.moment + interval '1 month' - interval '1 day')::date as last_date

    from spanned_days
    cross join generate_series(spanned_days.first_date, spanned_days.last_date, interval '1 month') as moments (moment)

),

final as (

    select
        organisation_units.basis,
        organisation_units.unit_id,
        months.first_date as month_date,
        organisation_units.org_level,
        organisation_units.org_id

    from organisation_units
    inner join months
        on months.last_date between organisation_units.counted_from_date and organisation_units.counted_to_date

)

select * from final
