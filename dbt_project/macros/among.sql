{#
  Whether these columns are among those that changed (`keys`, columns of the relation or query `changed_rows`): what a build of changes
  computes. A build of everything asks nothing.
#}
{% macro among(columns, changed_rows, keys) -%}
    {{
        '(' ~ columns | join(', ') ~ ') in (select ' ~ keys | join(', ') ~ ' from ' ~ changed_rows ~ ')' if is_scoped() else 'true'
    }}
{%- endmacro %}
