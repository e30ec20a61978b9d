{{ config(tags=['every_night']) }}
with

completeness as (

    select * from {{ ref('completeness') }}

),

organisations as (

    select * from {{ ref('organisation') }}

),

final as (

    select
        completeness.form_id,
        -- The provincial office is of no group, and what it answers is the province's.
        coalesce(organisations.group_id, organisations.province_id, '') as org_id,
        completeness.period,
        count(*) filter (where completeness.expected) as expected_count,
        count(*) filter (where completeness.expected and completeness.accepted) as accepted_count,
        count(*) filter (where completeness.expected and completeness.on_time) as on_time_count,
        count(*) filter (where completeness.state = 'overdue') as overdue_count,
        count(*) filter (where completeness.state = 'held') as held_count

    from completeness
    left join organisations
        on completeness.unit_id = organisations.org_id
    group by 1, 2, 3

)

select * from final
