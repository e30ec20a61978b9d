{#
  The statement that keeps the planner from nested loops where a build of changes looks for its few keys: of several columns that go together
  it expects far fewer rows than there are, and a loop over them took minutes.
  What changed has to fit into the memory of one hash.
#}
{% macro join_by_hash() -%}
    {{ "set local enable_nestloop = off; set local work_mem = '128MB'" if is_scoped() }}
{%- endmacro %}
