-- dbt reads the register with the cells that it came from, everybody else reads the view: both name the same units.
with

built as (

    select * from {{ ref('int_units') }}

),

registered as (

    select * from {{ source('registers', 'unit') }}

)

select
    built.unit_id as built_unit_id,
    registered.unit_id as registered_unit_id

from built
full join registered
    on
        built.unit_id = registered.unit_id
        and built.valid_from_date = registered.valid_from
        and built.unit_kind = registered.unit_kind
        and built.parent_id is not distinct from registered.parent_id
        and built.valid_to_date is not distinct from registered.valid_to
where
    (built.unit_id is null or registered.unit_id is null)
    -- One that came while this build works is another build's.
    and not exists (
        select 1
        from {{ source('ops', 'submission') }} as newer
        where
            newer.form_id = 'unit_register'
            and newer.submission_id > (select max(nights.last_submission_id) from {{ ref('stg_nights') }} as nights)
    )
