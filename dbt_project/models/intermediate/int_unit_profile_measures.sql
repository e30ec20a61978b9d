with

unit_profiles as (

    select * from {{ ref('fct_unit_profiles') }}
    where is_in_force

),

-- A profile holds from the end of its quarter until the end of the next quarter that was reported.
unit_states as (

    select
        *,
        quarter_last_date as state_first_date,
        coalesce(
            lead(quarter_last_date) over (partition by unit_id order by quarter_last_date) - 1, 'infinity'::date
        ) as state_last_date

    from unit_profiles

),

final as (

    {{ measure_rows('unit_states', 'unit_profile', [
        {'measure': 'smart_unions_built', 'value': "(smart_union_status = 'built')::integer",
         'fields': 'smart_union_status', 'from': 'state_first_date', 'to': 'state_last_date'},
        {'measure': 'employees', 'value': 'employees', 'fields': 'employees', 'from': 'state_first_date',
         'to': 'state_last_date'},
        {'measure': 'contract_covered_employees', 'value': 'contract_covered_employees',
         'fields': 'contract_covered_employees', 'from': 'state_first_date', 'to': 'state_last_date'},
        {'measure': 'congresses_held', 'value': '(congress_date is not null)::integer', 'fields': 'congress_held_on',
         'date': 'congress_date', 'from': 'state_first_date', 'to': 'state_last_date'},
    ]) }}

)

select * from final
