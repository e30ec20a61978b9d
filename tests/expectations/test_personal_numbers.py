"""Numbers of people are known by their shape wherever they stand, and other numbers are left alone."""

from __future__ import annotations

import pytest

from expectations.contract import forms
from expectations.credit_code import check_character, inner_check_character, parse_credit_code
from expectations.finding import Finding, Severity
from expectations.masks import open_text, shown
from expectations.personal_numbers import without_personal_numbers
from expectations.values import read_value

AID, TRAINING, RELIEF = (forms()[form_id] for form_id in ("hardship_aid", "training", "relief"))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("610199197711220011", "610***********001*"),
        ("经办人610199197711220012，", "经办人610***********001*,"),
        ("６１０１９９１９７７１１２２００１１", "610***********001*"),
        ("610199 19771122 001X", "610***********001*"),
        ("610199197711220000", "610***********000*"),
        ("610199771122001", "610********200*"),
        ("电话17089863147", "电话170****3147"),
        ("卡号 6228483048938117989", "卡号 622************798*"),
        ("6228 4830 4893 8117 989", "622************798*"),
    ],
)
def test_numbers_of_people_are_masked(text: str, masked: str) -> None:
    assert without_personal_numbers(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "", "约2000元", "2021-03-05 至 2021-03-06", "2021年3月5日至2021年3月6日", "12345678901", "91610131MA6TXXXX0X", "第１２期",
        "1,000,000,000,000.00", "610199197713220011", "0029-88888888", "12345678901234567890", "（１）安全培训",
    ],
)  # fmt: skip
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_personal_numbers(text) == text


def test_a_valid_credit_code_is_no_citizen_id() -> None:
    """Its digits may look like a day of birth."""
    code = next(code for number in range(10_000) if (code := _code(number)).isdigit())
    assert parse_credit_code(code) == code
    assert without_personal_numbers(code) == code
    assert without_personal_numbers(code[:-1] + str((int(code[-1]) + 1) % 10)) != code


def _code(number: int) -> str:
    inner = f"75{number // 28 % 12 + 1:02}{number % 28 + 1:02}{number % 100:02}"
    first = f"91610119{inner}{inner_check_character(inner)}"
    return first + check_character(first)


def test_findings_mask_whatever_they_quote() -> None:
    found = Finding(
        "form.heading_extra",
        Severity.WARNING,
        1,
        value="经办人610199197711220011",
        params={"heading": "电话17089863147"},
    )
    assert (found.value, dict(found.params)) == ("经办人610***********001*", {"heading": "电话170****3147"})


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("amount_cny", "谷梁龑濯", "***"),
        ("amount_cny", "张 三 17086802873", "*** 170****2873"),
        ("amount_cny", "约2000元", "约2000元"),
        ("amount_cny", "两千余元", "两千余元"),
        ("paid_on", "三月五日", "三月五日"),
        ("hardship_cause", "壤驷彧矗", "***"),
        ("hardship_cause", "大病", "大病"),
        ("aid_kind", "610199197808201458", "610***********145*"),
    ],
)
def test_of_a_form_about_people_no_words_are_kept_that_may_be_a_name(field: str, text: str, kept: str) -> None:
    assert open_text(AID, AID.field(field), text) == kept
    assert shown(AID, AID.field(field), text) == kept


def test_a_form_about_no_people_shows_words_as_typed() -> None:
    assert shown(RELIEF, RELIEF.field("campaign"), "送关怀") == "送关怀"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("610199197711220011", "610***********001*"),
        ("联系人 17089863147", "联系人 170****3147"),
        ("６２２８４８３０４８９３８１１７９８９", "622************798*"),
    ],
)
def test_free_text_with_a_number_of_a_person_is_loaded_without_it_and_told(number: str, masked: str) -> None:
    read = read_value(TRAINING.field("course"), f"安全培训({number})")
    assert read.text == f"安全培训({masked})"
    assert [(c.code, c.severity) for c in read.complaints] == [("value.personal_number", Severity.WARNING)]
    assert read_value(TRAINING.field("course"), "安全培训（第 2 期，2021-03-05）").complaints == ()
