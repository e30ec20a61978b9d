{# Every row of the model satisfies the expression; one for which it is unknown does not. #}
{% test holds(model, expression) %}
select *
from {{ model }}
where ({{ expression }}) is not true
{% endtest %}
