{# What people typed, as it is told apart: without spaces of any kind and in lower case. #}
{% macro text_key(column) -%}
    lower(regexp_replace({{ column }}, '[\s\u00a0\u3000]', '', 'g'))
{%- endmacro %}
