{#
  One row per measure and row of `relation`, from a list of measures. Each is a mapping:
    measure   id in the seed `measures`
    value     SQL of what the row adds; 1 where rows are counted
    fields    contract fields whose cells hold the value, separated by commas
    where     SQL that says to which rows the measure applies (default: all)
    unit      column of the unit that the row counts for (default: unit_id)
    key       SQL of what is counted once, for measures that count distinct things
    date      SQL of the day on which it happened
    from, to  SQL of the first and last day of the state, for measures of a state
  The relation is read once, however many measures there are.
#}
{% macro measure_rows(relation, form_id, measures) -%}
select
    measured.measure_id,
    {{ "'" ~ form_id ~ "'" if form_id else relation ~ '.form_id' }} as form_id,
    {{ relation }}.submission_id,
    {{ relation }}.row_number,
    measured.unit_id,
    measured.occurred_date,
    measured.state_first_date,
    measured.state_last_date,
    measured.value,
    measured.distinct_key,
    measured.fields
from {{ relation }}
cross join lateral (
    values
    {%- for each in measures %}
    (
        '{{ each.measure }}'::text,
        {{ relation }}.{{ each.unit | default('unit_id') }}::text,
        ({{ each.date | default('null') }})::date,
        ({{ each.from | default('null') }})::date,
        ({{ each.to | default('null') }})::date,
        ({{ each.value }})::numeric,
        ({{ each.key | default('null') }})::text,
        '{{ each.fields }}'::text,
        ({{ each.where | default('true') }})::boolean
    ){{ ',' if not loop.last }}
    {%- endfor %}
) as measured (
    measure_id,
    unit_id,
    occurred_date,
    state_first_date,
    state_last_date,
    value,
    distinct_key,
    fields,
    is_counted
)
where measured.is_counted
{%- endmacro %}
