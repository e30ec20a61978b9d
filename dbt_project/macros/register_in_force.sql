{# The submission of a register that is in force: it is handed in whole, and the newest period replaces all before. #}
{% macro register_in_force(form_id) -%}
    select submission_id
    from {{ ref('int_submissions_spanned') }}
    where form_id = '{{ form_id }}' and is_in_force
    order by period desc, version desc, submission_id desc
    limit 1
{%- endmacro %}
