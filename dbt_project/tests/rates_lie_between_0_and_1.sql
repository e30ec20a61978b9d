-- No coverage passes 100 %. Participation is no coverage: who takes part in two contests takes part twice.
with

indicator_values as (

    select * from {{ ref('int_indicator_values') }}

),

indicators as (

    select * from {{ ref('indicators') }}

)

select indicator_values.*
from indicator_values
inner join indicators
    on indicator_values.indicator_id = indicators.indicator_id
where
    indicators.unit = 'share'
    and indicators.indicator_id <> 'contest_participation'
    and indicator_values.value not between 0 and 1
