"""What is planted in the sample: the workbooks with a slip that is corrected, and the rows that never are.

Nothing of a row that is left in quarantine is needed for a total.
"""

from __future__ import annotations

from connectors.sample.people import person, with_wrong_check_character
from connectors.sample.slips import (
    LeftRow,
    Slip,
    a_month_later,
    after_the_period,
    instead,
    mistyped,
    more_than,
    one_more,
    shortened,
)

SLIPS: tuple[Slip, ...] = (
    Slip("relief", "value.not_a_number", instead(cash_cny="约2000")),
    Slip("relief", "value.not_a_number", instead(cash_cny="两千左右")),
    Slip("relief", "value.not_a_number", instead(goods_cny="1000-1500")),
    Slip("relief", "value.not_a_number", instead(persons="三十多人")),
    Slip("relief", "value.unknown_code", instead(campaign="中秋慰问")),
    Slip("relief", "value.unknown_code", instead(beneficiary_group="劳模")),
    Slip("relief", "relief.persons_given", instead(persons=None)),
    Slip("relief", "relief.given_on_given", instead(given_on=None)),
    Slip("relief", "relief.date_in_period", a_month_later("given_on")),
    Slip("relief", "relief.beneficiary_unit_known", instead(beneficiary_unit="A0999")),
    Slip("relief", "relief.amount_positive", instead(cash_cny=0, goods_cny=0)),
    Slip("relief", "relief.key_unique", again=one_more("persons")),
    Slip("relief", "form.total_differs", totals={"cash_cny": 26_000}),
    Slip("hardship_aid", "value.id_invalid", mistyped("worker_citizen_id")),
    Slip("hardship_aid", "value.id_invalid", shortened("worker_citizen_id")),
    Slip("hardship_aid", "value.not_a_number", instead(amount_cny="约500")),
    Slip("hardship_aid", "value.unknown_code", instead(hardship_cause="家庭困难")),
    Slip("hardship_aid", "hardship_aid.worker_name_given", instead(worker_name=None)),
    Slip("hardship_aid", "hardship_aid.date_in_period", a_month_later("paid_on")),
    Slip("hardship_aid", "hardship_aid.key_unique", again=one_more("amount_cny")),
    Slip("hardship_aid", "form.total_differs", totals={"amount_cny": 9_999}),
    Slip("unit_profile", "unit_profile.members_within_employees", more_than("employees", "members")),
    Slip("unit_profile", "unit_profile.female_within_employees", more_than("employees", "female_employees")),
    Slip("unit_profile", "unit_profile.covered_within_employees", more_than("employees", "contract_covered_employees")),
    Slip("unit_profile", "value.not_a_number", instead(female_employees="四成左右")),
    Slip("unit_profile", "value.unknown_code", instead(smart_union_status="试点中")),
    Slip("unit_profile", "unit_profile.covered_has_contract", instead(contract_signed_on=None)),
    Slip("unit_profile", "unit_profile.congress_not_in_future", after_the_period("congress_held_on")),
    Slip("post_roster", "value.id_invalid", mistyped("person_citizen_id")),
    Slip("post_roster", "value.unknown_code", instead(role="值班长")),
    Slip("training", "value.id_invalid", shortened("trainee_citizen_id")),
    Slip("training", "value.not_a_number", instead(hours="两天")),
    Slip("training", "value.unknown_code", instead(passed="缓考")),
    Slip("student_aid", "value.id_invalid", mistyped("student_citizen_id")),
    Slip("student_aid", "form.total_differs", totals={"amount_cny": 4_300}),
    Slip("consumption_assistance", "value.not_a_number", instead(amount_cny="三万余")),
    Slip("consumption_assistance", "value.unknown_code", instead(product_use="样品陈列")),
    Slip("consumption_assistance", "form.total_differs", totals={"amount_cny": 50_000}),
    Slip("labour_contest", "value.not_a_number", instead(participants="全体职工")),
    Slip("labour_contest", "value.unknown_code", instead(category="五小活动")),
    Slip("skills_contest", "skills_contest.trade_given", instead(trade=None)),
    Slip("innovation_studio", "value.not_a_number", instead(results_count="若干")),
    Slip("innovation_studio", "innovation_studio.trade_given", instead(trade=None)),
    Slip("model_worker", "value.id_invalid", shortened("person_citizen_id")),
    Slip("recuperation", "value.id_invalid", mistyped("participant_citizen_id")),
    Slip("recuperation", "recuperation.participant_unit_known", instead(participant_unit="A0999")),
    Slip("corps_activity", "value.unknown_code", instead(host_kind="机关")),
    Slip("corps_activity", "corps_activity.held_on_given", instead(held_on=None)),
    Slip("apprenticeship", "value.id_invalid", mistyped("mentor_citizen_id")),
    Slip("apprenticeship", "apprenticeship.mentor_unit_known", instead(mentor_unit="A0999")),
    Slip("education_uplift", "value.not_a_number", instead(subsidy_cny="一千左右")),
    Slip("service_site", "value.not_a_number", instead(capacity="40-50")),
    Slip("service_site", "value.unknown_code", instead(site_kind="职工书屋")),
    Slip("culture_activity", "value.unknown_code", instead(activity_kind="红歌会")),
    Slip("culture_activity", "value.not_a_number", instead(participants="几百人")),
    Slip("culture_activity", "culture_activity.title_given", instead(title=None)),
    Slip("democratic_management", "value.not_a_number", instead(open_affairs_items="若干")),
    Slip("task_list", "task_list.progress_percent_in_range", instead(progress_percent=120)),
    Slip("task_list", "value.unknown_code", instead(unit_class="特大型")),
    Slip("innovation_award", "value.unknown_code", instead(award_grade="特等奖")),
    Slip("office_management", "office_management.title_given", instead(title=None)),
)
"""61 workbooks that come back corrected some days later."""

_LEFT_PERSON = person(400)
"""Not among those whose aid is counted: nothing of the row that is left in quarantine is needed for a total."""

LEFT_ROWS: tuple[LeftRow, ...] = (
    LeftRow(
        "relief",
        "value.not_a_number",
        "given_on",
        {
            "campaign": "防汛救灾",
            "beneficiary_group": "退休职工",
            "funding_level": "企业工会",
            "money_flow": "支付",
            "persons": 6,
            "cash_cny": "约2000",
            "goods_cny": 0,
        },
    ),
    LeftRow(
        "relief",
        "relief.beneficiary_unit_known",
        "given_on",
        {
            "campaign": "送清凉",
            "beneficiary_group": "一线职工",
            "beneficiary_unit": "A0999",
            "funding_level": "企业工会",
            "money_flow": "筹集",
            "persons": 40,
            "cash_cny": 0,
            "goods_cny": 3600,
        },
    ),
    LeftRow(
        "hardship_aid",
        "value.id_invalid",
        "paid_on",
        {
            "worker_name": _LEFT_PERSON.name,
            "worker_citizen_id": with_wrong_check_character(_LEFT_PERSON.citizen_id),
            "hardship_cause": "疾病",
            "aid_kind": "日常救助",
            "standard_cny": 800,
            "amount_cny": 800,
        },
    ),
    LeftRow(
        "consumption_assistance",
        "value.not_a_number",
        "purchased_on",
        {"supplier_region": "商洛市丹凤县", "product": "豆腐干", "product_use": "食堂采购", "amount_cny": "待核"},
    ),
    LeftRow(
        "culture_activity",
        "value.unknown_code",
        "held_on",
        {
            "activity_kind": "广场舞",
            "title": "职工广场舞交流",
            "participants": 60,
            "participations": 60,
            "places": 0,
            "spend_cny": 0,
        },
    ),
)
"""Five rows that nobody corrects: they wait in quarantine when the sample has been taken in."""
