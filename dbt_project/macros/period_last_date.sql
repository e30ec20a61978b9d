{# The last day of the period that a text names: 2021-03, 2021-Q1, 2021 or 2021-2025; null where it names none. #}
{% macro period_last_date(period) -%}
    case
        when {{ period }} ~ '^\d{4}-\d{2}$'
            then (to_date({{ period }}, 'YYYY-MM') + interval '1 month' - interval '1 day')::date
        when {{ period }} ~ '^\d{4}-Q[1-4]$'
            then
                (
                    make_date(left({{ period }}, 4)::integer, right({{ period }}, 1)::integer * 3, 1)
                    + interval '1 month' - interval '1 day'
                )::date
        when {{ period }} ~ '^(\d{4}-)?\d{4}$' then make_date(right({{ period }}, 4)::integer, 12, 31)
    end
{%- endmacro %}
