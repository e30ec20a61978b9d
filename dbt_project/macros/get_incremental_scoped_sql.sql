{#
  The incremental strategy `scoped`: what the config `scope` names is deleted and what the model gives is put in its place, in one
  transaction. Without a scope of changes, that is everything. A table that is small, but that views are built upon, has the scope `true`: dbt drops the
  views of a table that it makes anew.
#}
{% macro get_incremental_scoped_sql(arg_dict) %}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ config.get('scope') if is_scoped() else 'true' }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
