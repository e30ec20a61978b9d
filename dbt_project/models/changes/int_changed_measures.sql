{{
    config(
        materialized='incremental',
        incremental_strategy='scoped',
        scope='build_id <= (select base_build_id from intermediate.int_nights_current)'
    )
}}
with

nights as (

    select * from {{ ref('int_nights_current') }}

),

rows_now as (

    select * from {{ ref('int_measure_rows') }}
    where {{ is_scoped() }}

),

-- The table as the build before left it: it is brought up to date after this model has said what will change.
rows_before as (

    select * from {{ 'marts.fct_measures' if is_scoped() else ref('int_measure_rows') }}
    where {{ measure_rows_in_scope() if is_scoped() else 'false' }}

),

changed_rows as (

    (
        select * from rows_now
        except all
        select * from rows_before
    )
    union all
    (
        select * from rows_before
        except all
        select * from rows_now
    )

),

final as (

    select distinct
        nights.build_id,
        changed_rows.measure_id,
        changed_rows.unit_id,
        case
            when changed_rows.state_first_date is null then date_trunc('month', changed_rows.occurred_date)::date
        end as month_date,
        changed_rows.state_first_date,
        changed_rows.state_last_date

    from changed_rows
    cross join nights

)

select * from final
