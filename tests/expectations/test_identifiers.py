"""Citizen IDs and credit codes are checked as their standards say, and people are masked."""

from __future__ import annotations

from datetime import date

import pytest

from expectations.citizen_id import CitizenIdError, birth_date, parse_citizen_id
from expectations.credit_code import CreditCodeError, parse_credit_code
from expectations.masks import mask


@pytest.mark.parametrize("citizen_id", ["11010519491231002X", "440524188001010014"])
def test_the_examples_of_the_standard_have_their_check_characters(citizen_id: str) -> None:
    # The two examples printed in GB 11643-1999; the second was born in 1880, before what the warehouse takes.
    if citizen_id[6:10] < "1900":
        with pytest.raises(CitizenIdError, match="birth_date"):
            parse_citizen_id(citizen_id)
    else:
        assert parse_citizen_id(citizen_id) == citizen_id


def test_fifteen_digits_become_eighteen() -> None:
    assert parse_citizen_id("110105491231002") == "11010519491231002X"
    assert birth_date("11010519491231002X") == date(1949, 12, 31)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        ("1101051949123100", "length"),
        ("1101051949123100211", "length"),
        ("1101051949X231002X", "characters"),
        ("01010519491231002X", "characters"),
        ("11010519490231002X", "birth_date"),
        ("11010519491231003X", "check"),
        ("110105194912310020", "check"),
        ("110105490231002", "birth_date"),
    ],
)
def test_a_wrong_citizen_id_is_told_why(text: str, reason: str) -> None:
    with pytest.raises(CitizenIdError) as caught:
        parse_citizen_id(text)
    assert caught.value.reason == reason
    assert text == "" or text not in str(caught.value)


@pytest.mark.parametrize(
    "code",
    ["91350100M000100Y43", "914403001922038216", "91110000802100433B", "9111000071093123XX", "9144030071526726XG"],
)
def test_well_known_credit_codes_hold(code: str) -> None:
    assert parse_credit_code(code) == code


@pytest.mark.parametrize(
    ("text", "reason", "suggestion"),
    [
        ("91350100M000100Y44", "check", None),
        ("9135O1OOMOOO1OOY43", "look_alikes", "91350100M000100Y43"),
        ("91350100M000100Y4Z", "characters", None),
        ("91350100M000100Y4", "length", None),
        ("610000123456789", "old_licence", None),
        ("12345678X", "old_organisation", None),
    ],
)
def test_a_wrong_credit_code_is_told_why(text: str, reason: str, suggestion: str | None) -> None:
    with pytest.raises(CreditCodeError) as caught:
        parse_credit_code(text)
    assert (caught.value.reason, caught.value.suggestion) == (reason, suggestion)


def test_the_organisation_code_inside_is_checked_too() -> None:
    from expectations.credit_code import check_character

    changed = "91350100M000100Z4".replace("Z", "X")
    with pytest.raises(CreditCodeError, match="inner_check"):
        parse_credit_code(changed + check_character(changed))


@pytest.mark.parametrize(
    ("semantic", "text", "shown"),
    [
        ("person_name", "张三", "张*"),
        ("person_name", "阿依古丽·买买提", "阿*"),
        ("person_name", "张三13800138000", "***"),
        ("citizen_id", "11010519491231002X", "110***********002*"),
        ("citizen_id", "110105194912310021", "110***********002*"),
        ("citizen_id", "110105491231002", "110********100*"),
        ("citizen_id", "1.1010519491231e+17", "***"),
        ("citizen_id", "张三", "***"),
        ("phone", "13800138000", "138****8000"),
        ("bank_card", "6222021234567890", "622*********789*"),
        (None, "西安市某街道", "***"),
        ("address", "西安市某街道", "***"),
        ("person_name", "", "***"),
    ],
)
def test_a_mask_shows_enough_for_the_owner_only(semantic: str | None, text: str, shown: str) -> None:
    assert mask(semantic, text) == shown
