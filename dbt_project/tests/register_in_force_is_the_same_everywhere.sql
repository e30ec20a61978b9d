-- dbt reads the register with the cells that it came from, everybody else reads the view: both name the same units.
with

built as (

    select
        unit_id,
        unit_kind,
        parent_id,
        valid_from_date,
        valid_to_date

    from {{ ref('int_units') }}

),

registered as (

    select
        unit_id,
        unit_kind,
        parent_id,
        valid_from,
        valid_to

    from {{ source('registers', 'unit') }}

)

(select * from built except select * from registered)
union all
(select * from registered except select * from built)
