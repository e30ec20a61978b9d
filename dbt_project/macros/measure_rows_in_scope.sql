{#
  The rows of `fct_measures` that this build computes anew: of answers that changed, of answers that fell due, of people whose posts or
  courses changed.
#}
{% macro measure_rows_in_scope() -%}
    (
        fields <> '' and form_id <> 'post_roster'
        and submission_id in (select submission_id from intermediate.int_submissions_in_scope)
    )
    or (
        fields = ''
        and (form_id, unit_id, occurred_date) in (
            select form_id, unit_id, reference_date from intermediate.int_changed_answers
        )
    )
    or (
        fields <> '' and form_id = 'post_roster'
        and distinct_key in (select person_token from intermediate.int_changed_people)
    )
{%- endmacro %}
