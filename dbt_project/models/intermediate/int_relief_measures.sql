with

relief_lines as (

    select * from {{ ref('fct_relief_lines') }}
    where is_in_force

),

final as (

    {{ measure_rows('relief_lines', 'relief', [
        {'measure': 'relief_cny', 'value': 'amount_cny', 'fields': 'cash_cny,goods_cny', 'date': 'given_date'},
        {'measure': 'relief_person_times', 'value': 'person_times', 'fields': 'persons', 'date': 'given_date'},
        {'measure': 'relief_units', 'value': 1, 'fields': 'beneficiary_unit', 'date': 'given_date',
         'unit': 'beneficiary_unit_id', 'key': 'beneficiary_unit_id'},
        {'measure': 'relief_enterprises', 'value': 1, 'fields': 'beneficiary_unit', 'date': 'given_date',
         'unit': 'beneficiary_unit_id', 'key': 'beneficiary_unit_id'},
        {'measure': 'winter_warmth_units', 'value': 1, 'fields': 'beneficiary_unit', 'date': 'given_date',
         'unit': 'beneficiary_unit_id', 'key': 'beneficiary_unit_id', 'where': "campaign = 'winter_warmth'"},
        {'measure': 'winter_warmth_cny', 'value': 'amount_cny', 'fields': 'cash_cny,goods_cny', 'date': 'given_date',
         'where': "campaign = 'winter_warmth'"},
        {'measure': 'gift_parcel_units', 'value': 1, 'fields': 'beneficiary_unit', 'date': 'given_date',
         'unit': 'beneficiary_unit_id', 'key': 'beneficiary_unit_id', 'where': "campaign = 'gift_parcel'"},
        {'measure': 'gift_parcel_person_times', 'value': 'person_times', 'fields': 'persons', 'date': 'given_date',
         'where': "campaign = 'gift_parcel'"},
        {'measure': 'gift_parcel_cny', 'value': 'amount_cny', 'fields': 'cash_cny,goods_cny', 'date': 'given_date',
         'where': "campaign = 'gift_parcel'"},
        {'measure': 'summer_cooling_cny', 'value': 'amount_cny', 'fields': 'cash_cny,goods_cny', 'date': 'given_date',
         'where': "campaign = 'summer_cooling'"},
        {'measure': 'nuclear_hardship_cny', 'value': 'amount_cny', 'fields': 'cash_cny,goods_cny', 'date': 'given_date',
         'where': "beneficiary_group = 'nuclear_hardship'"},
        {'measure': 'disaster_relief_cny', 'value': 'amount_cny', 'fields': 'cash_cny,goods_cny', 'date': 'given_date',
         'where': "campaign = 'disaster_relief'"},
    ]) }}

)

select * from final
