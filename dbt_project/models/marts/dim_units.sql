with

units as (

    select * from {{ ref('int_units') }}

),

groups as (

    select * from {{ ref('int_units') }}
    where unit_kind = 'group'

),

nights as (

    select * from {{ ref('int_nights_current') }}

),

group_names as (

    select
        units.*,
        groups.unit_id as group_id,
        groups.short_name as group_name,
        groups.valid_from_date as named_from_date,
        groups.valid_from_date <= least(units.valid_to_date, nights.business_date) as was_named_then

    from units
    cross join nights
    left join groups
        on units.parent_id = groups.unit_id

),

-- The group under the name that it has at the end of the span, or now.
named as (

    select
        *,
        row_number() over (
            partition by unit_id, valid_from_date
            order by was_named_then desc, named_from_date desc
        ) as name_rank

    from group_names

),

final as (

    select
        unit_id,
        valid_from_date as valid_from,
        valid_to_date as valid_to,
        unit_name,
        short_name,
        unit_kind,
        case unit_kind when 'province' then 'province' when 'group' then 'group' else 'unit' end as org_level,
        parent_id,
        group_id,
        group_name,
        credit_code,
        successor_id

    from named
    where name_rank = 1

)

select * from final
