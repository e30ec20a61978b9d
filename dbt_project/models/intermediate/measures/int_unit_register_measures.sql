with

units as (

    select * from {{ ref('int_units') }}
    where unit_kind = 'enterprise'

),

final as (

    {{ measure_rows('units', 'unit_register', [
        {'measure': 'enterprises_in_force', 'value': 1, 'fields': 'unit_code', 'from': 'valid_from_date',
         'to': "coalesce(valid_to_date, 'infinity'::date)"},
    ]) }}

)

select * from final
