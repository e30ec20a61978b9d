-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_relief') }}

),

submissions as (

    select * from {{ ref('int_submissions_in_scope') }}
    where is_in_force

),

in_force as (

    select
        submitted_rows.*,
        submissions.period_last_date

    from submitted_rows
    inner join submissions
        on submitted_rows.submission_id = submissions.submission_id

),

final as (

    {{ measure_rows('in_force', 'relief', [
        {'measure': 'relief_cny', 'value': 'cash_cny + goods_cny', 'fields': 'cash_cny,goods_cny',
         'date': 'given_date'},
        {'measure': 'relief_person_times', 'value': 'person_times', 'fields': 'persons', 'date': 'given_date'},
        {'measure': 'relief_units', 'value': '1', 'fields': 'beneficiary_unit', 'unit': 'beneficiary_unit_id',
         'key': 'beneficiary_unit_id', 'date': 'given_date'},
        {'measure': 'relief_enterprises', 'value': '1', 'fields': 'beneficiary_unit', 'unit': 'beneficiary_unit_id',
         'key': 'beneficiary_unit_id', 'date': 'given_date'},
        {'measure': 'winter_warmth_units', 'value': '1', 'fields': 'beneficiary_unit',
         'where': "campaign = 'winter_warmth'", 'unit': 'beneficiary_unit_id', 'key': 'beneficiary_unit_id',
         'date': 'given_date'},
        {'measure': 'gift_parcel_units', 'value': '1', 'fields': 'beneficiary_unit',
         'where': "campaign = 'gift_parcel'", 'unit': 'beneficiary_unit_id', 'key': 'beneficiary_unit_id',
         'date': 'given_date'},
        {'measure': 'winter_warmth_cny', 'value': 'cash_cny + goods_cny', 'fields': 'cash_cny,goods_cny',
         'where': "campaign = 'winter_warmth'", 'date': 'given_date'},
        {'measure': 'gift_parcel_cny', 'value': 'cash_cny + goods_cny', 'fields': 'cash_cny,goods_cny',
         'where': "campaign = 'gift_parcel'", 'date': 'given_date'},
        {'measure': 'summer_cooling_cny', 'value': 'cash_cny + goods_cny', 'fields': 'cash_cny,goods_cny',
         'where': "campaign = 'summer_cooling'", 'date': 'given_date'},
        {'measure': 'disaster_relief_cny', 'value': 'cash_cny + goods_cny', 'fields': 'cash_cny,goods_cny',
         'where': "campaign = 'disaster_relief'", 'date': 'given_date'},
        {'measure': 'nuclear_hardship_cny', 'value': 'cash_cny + goods_cny', 'fields': 'cash_cny,goods_cny',
         'where': "beneficiary_group = 'nuclear_hardship'", 'date': 'given_date'},
        {'measure': 'gift_parcel_person_times', 'value': 'person_times', 'fields': 'persons',
         'where': "campaign = 'gift_parcel'", 'date': 'given_date'},
    ]) }}

)

select * from final
