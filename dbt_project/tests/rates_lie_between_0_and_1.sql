-- No coverage passes 100 %.
with

indicator_values as (

    select * from {{ ref('indicator_value') }}

),

indicators as (

    select * from {{ ref('indicators') }}

)

select indicator_values.*
from indicator_values
inner join indicators
    on indicator_values.indicator_id = indicators.indicator_id
where indicators.unit = 'share' and indicator_values.value not between 0 and 1
