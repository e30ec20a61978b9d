-- The relief total is the campaigns of the ledger and the aid by person, each once.
with

relief_parts as (

    select
        period,
        sum(money_cny) as money_cny

    from {{ ref('relief_summary') }}
    group by 1

),

relief_totals as (

    select
        period,
        value

    from {{ ref('indicator_value') }}
    where indicator_id = 'relief_paid' and org_level = 'province' and period_type = 'month'

)

select
    relief_totals.period,
    relief_totals.value,
    relief_parts.money_cny

from relief_totals
left join relief_parts
    on relief_totals.period = relief_parts.period
where coalesce(relief_totals.value, 0) <> coalesce(relief_parts.money_cny, 0)
