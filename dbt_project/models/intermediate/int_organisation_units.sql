with

units as (

    select * from {{ ref('int_units') }}

),

-- What a unit reported counts for one parent at every date, also outside its validity: no amount may fall out of a
-- total because a register was corrected later.
unit_spans as (

    select
        *,
        case
            when lag(unit_id) over spans is null then '-infinity'::date
            else valid_from_date
        end as counted_from_date,
        coalesce(lead(valid_from_date) over spans - 1, 'infinity'::date) as counted_to_date

    from units
    window spans as (partition by unit_id order by valid_from_date)

),

groups as (

    select distinct unit_id
    from units
    where unit_kind = 'group'

),

provinces as (

    select min(unit_id) as unit_id
    from units
    where unit_kind = 'province'

),

as_units as (

    select
        'unit' as org_level,
        unit_spans.unit_id as org_id,
        unit_spans.*

    from unit_spans
    where unit_spans.unit_kind in ('enterprise', 'provincial_office')

),

as_groups as (

    select
        'group' as org_level,
        groups.unit_id as org_id,
        unit_spans.*

    from unit_spans
    inner join groups
        on groups.unit_id = case unit_spans.unit_kind when 'group' then unit_spans.unit_id else unit_spans.parent_id end

),

as_provinces as (

    select
        'province' as org_level,
        provinces.unit_id as org_id,
        unit_spans.*

    from unit_spans
    cross join provinces

),

organisation_units as (

    select * from as_units
    union all
    select * from as_groups
    union all
    select * from as_provinces

),

final as (

    select
        org_level,
        org_id,
        unit_id,
        unit_kind,
        valid_from_date,
        coalesce(valid_to_date, 'infinity'::date) as valid_to_date,
        counted_from_date,
        counted_to_date

    from organisation_units

)

select * from final
