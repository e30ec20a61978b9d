with

units as (

    select * from {{ ref('int_units') }}

),

successors as (

    select * from {{ ref('int_unit_successors') }}

),

-- What a unit reported counts for one parent at every date, also outside its validity: no amount may fall out of a
-- total because a register was corrected later.
unit_spans as (

    select
        unit_id,
        unit_kind,
        parent_id,
        valid_from_date,
        coalesce(valid_to_date, 'infinity'::date) as valid_to_date,
        case
            when lag(unit_id) over spans is null then '-infinity'::date
            else valid_from_date
        end as counted_from_date,
        coalesce(lead(valid_from_date) over spans - 1, 'infinity'::date) as counted_to_date

    from units
    window spans as (partition by unit_id order by valid_from_date)

),

-- As organised then: under the parent of the span. As organised now: under the last successor and its parent today.
unit_spans_by_basis as (

    select
        unit_spans.*,
        basis.basis,
        case basis.basis when 'as_then' then unit_spans.unit_id else successors.current_unit_id end as counted_unit_id,
        case basis.basis
            when 'as_then' then unit_spans.parent_id
            else successors.current_parent_id
        end as counted_parent_id

    from unit_spans
    inner join successors
        on unit_spans.unit_id = successors.unit_id
    cross join (values ('as_then'), ('as_now')) as basis (basis)

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
        unit_spans_by_basis.counted_unit_id as org_id,
        unit_spans_by_basis.*

    from unit_spans_by_basis
    where unit_spans_by_basis.unit_kind in ('enterprise', 'provincial_office')

),

as_groups as (

    select
        'group' as org_level,
        groups.unit_id as org_id,
        unit_spans_by_basis.*

    from unit_spans_by_basis
    inner join groups
        on groups.unit_id = case unit_spans_by_basis.unit_kind
            when 'group' then unit_spans_by_basis.counted_unit_id
            else unit_spans_by_basis.counted_parent_id
        end

),

as_provinces as (

    select
        'province' as org_level,
        provinces.unit_id as org_id,
        unit_spans_by_basis.*

    from unit_spans_by_basis
    cross join provinces

),

organisation_units as (

    select * from as_units
    union all
    select * from as_groups
    union all
    select * from as_provinces

),

memberships as (

    select
        *,
        count(*) over (partition by org_level, org_id, unit_id, valid_from_date) as basis_count

    from organisation_units

),

-- An organisation whose members are the same then and now is computed once, for both: most are, the province always.
compared as (

    select
        *,
        min(basis_count) over (partition by org_level, org_id) = 2 as is_unchanged

    from memberships

),

final as (

    select
        case when is_unchanged then 'both' else basis end as basis,
        org_level,
        org_id,
        unit_id,
        unit_kind,
        valid_from_date,
        valid_to_date,
        counted_from_date,
        counted_to_date

    from compared
    where not is_unchanged or basis = 'as_then'

)

select * from final
