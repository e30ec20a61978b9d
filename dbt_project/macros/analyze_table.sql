{# The statement that gives the planner statistics of a table just made; nothing for a view. #}
{% macro analyze_table() -%}
    {{ 'analyze ' ~ this if config.get('materialized') in ('table', 'incremental') }}
{%- endmacro %}
