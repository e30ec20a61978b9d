{% set rates = [
    'relief_coverage',
    'smart_union_rate',
    'collective_contract_coverage',
    'workers_congress_rate',
    'submission_completeness',
    'submission_timeliness',
    'row_acceptance_rate',
] %}

with

indicator_values as (

    select * from {{ ref('indicator_value') }}

),

final as (

    select
        org_level,
        org_id,
        period_type,
        period,
        {% for rate in rates -%}
            max(value) filter (where indicator_id = '{{ rate }}')::numeric(38, 10) as {{ rate }}
            {{- ',' if not loop.last }}
        {% endfor %}
    from indicator_values
    group by 1, 2, 3, 4

)

select * from final
