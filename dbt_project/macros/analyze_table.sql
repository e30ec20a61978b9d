{#
  The statement that gives the planner statistics of a table just made; nothing for a view, nor for a large table of which a small part
  was replaced: it has them.
#}
{% macro analyze_table() -%}
    {%- set kind = config.get('materialized') -%}
    {%- set is_made = kind == 'table' or (kind == 'incremental' and not is_scoped()) -%}
    {{ 'analyze ' ~ this if is_made or config.get('scope') == 'true' }}
{%- endmacro %}
