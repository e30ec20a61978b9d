with

submissions as (

    select * from {{ ref('int_submissions_in_scope') }}

),

units as (

    select * from {{ ref('int_units') }}
    where unit_kind = 'enterprise' and submission_id in (select submissions.submission_id from submissions)

),

final as (

    {{ measure_rows('units', 'unit_register', [
        {'measure': 'enterprises_in_force', 'value': 1, 'fields': 'unit_code', 'from': 'valid_from_date',
         'to': "coalesce(valid_to_date, 'infinity'::date)"},
    ]) }}

)

select * from final
