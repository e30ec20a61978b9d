with

forms as (

    select * from {{ ref('stg_forms') }}

)

select * from forms
