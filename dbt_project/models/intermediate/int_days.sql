{{ config(materialized='view') }}
with

plans as (

    select * from {{ ref('plans') }}

),

spanned_years as (

    select
        min(first_year) as first_year,
        max(last_year) as last_year

    from plans

),

final as (

    select days.moment::date as date_day
    from spanned_years
    cross join generate_series(
        make_date(spanned_years.first_year, 1, 1), make_date(spanned_years.last_year, 12, 31), interval '1 day'
    ) as days (moment)

)

select * from final
