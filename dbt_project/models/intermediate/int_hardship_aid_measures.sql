with

hardship_payments as (

    select * from {{ ref('fct_hardship_payments') }}
    where is_in_force

),

final as (

    {{ measure_rows('hardship_payments', 'hardship_aid', [
        {'measure': 'relief_cny', 'value': 'amount_cny', 'fields': 'amount_cny', 'date': 'paid_date'},
        {'measure': 'relief_person_times', 'value': 1, 'fields': 'worker_citizen_id', 'date': 'paid_date'},
        {'measure': 'daily_relief_workers', 'value': 1, 'fields': 'worker_citizen_id', 'date': 'paid_date',
         'key': 'worker_token', 'where': "aid_kind = 'daily'"},
        {'measure': 'daily_relief_cny', 'value': 'amount_cny', 'fields': 'amount_cny', 'date': 'paid_date',
         'where': "aid_kind = 'daily'"},
    ]) }}

)

select * from final
