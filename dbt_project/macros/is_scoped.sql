{# Whether this build computes only what changed since the current release (`connectors.warehouse.scope` decides). #}
{% macro is_scoped() -%}
    {{ return(var('scoped', false)) }}
{%- endmacro %}


{#
  The relation that says what changed, where a build asks for it; nothing in a build of everything. It is named while the project is
  read, so that dbt knows the order, and asked only where it is used.
#}
{% macro changed(model) -%}
    {{ return(ref(model) if is_scoped() or not execute else none) }}
{%- endmacro %}
