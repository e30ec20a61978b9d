"""`warehouse rules`: what rules do, and what those in shadow would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.desk import known_period, reading, refuse_other_frequency
from flows.findings import SEVERITY_WORDS
from flows.progress import progress
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from connectors.warehouse.impact import Impact
    from expectations.contract import Form, Rule
    from expectations.periods import Period
    from flows.progress import Progress


@click.group("rules", cls=SpokenGroup, zh="规则：正式施行之前，看它会影响多少。", en="Rules: what they would do.")
def command_line() -> None:
    """Rules."""


@command(
    "impact",
    "试行的规则（只统计、不施行）在最近一期会影响多少行、多少单位。\n\n"
    "也可以用 --rule 看任何一条规则。按生效报送的存档原件当场计算；跨报送的规则取最近一次核对的结果。",
    "How many rows and units of the last period break the rules in shadow, which are counted and not applied.\n\n"
    "Any rule can be asked for with --rule. Computed now, from the archived originals of what is in force; "
    "for rules that compare submissions, as the last night found.",
)
@option(
    "--rule", "rule_code", zh="规则代码，见规则目录；默认全部试行的规则", en="The rule's code; all in shadow by default"
)
@option("--period", zh="期间，如 2021-03；默认每张报表最近的一期", en="The period; the newest of each form by default")
@json_option
@pass_speaker
def impact(speaker: Speaker, rule_code: str | None, period: str | None, as_json: bool) -> int:
    """Tell the impact of rules."""
    of_period = known_period(period)
    asked = _asked(rule_code, of_period)
    with progress(speaker.words("统计", "counting"), "form") as tell:
        found = _count(load_settings(), asked, of_period, tell) if asked else []
    if as_json:
        say_json([_facts(one) for one in found])
        return 0
    if not asked:
        speaker.say(
            "没有试行的规则；可以用 --rule 看任何一条规则。",
            "No rule is in shadow; any other can be asked for with --rule.",
        )
        return 0
    headings = speaker.words("规则 程度 试行 期间 行 共 单位 共", "rule severity shadow period rows of units of")
    text = draw_table(headings.split(), [_line(one, speaker) for one in found], (4, 5, 6, 7))
    speaker.say(text, text)
    return 0


def _asked(rule_code: str | None, period: Period | None) -> list[tuple[Form, list[Rule]]]:
    """The rules that are meant, by form; of the rules in shadow, those of forms that are handed in for such a period."""
    from expectations.contract import forms

    if rule_code is not None:
        for form in forms().values():
            if rules := [rule for rule in form.rules if rule.code == rule_code]:
                if period is not None:
                    refuse_other_frequency(form, period)
                return [(form, rules)]
        raise WrongUsage(f"没有规则 {rule_code}，见规则目录。", f"There is no rule {rule_code}; see the catalogue.")
    asked = [
        (form, [rule for rule in form.rules if rule.is_shadow])
        for form in forms().values()
        if period is None or form.frequency == period.kind
    ]
    return [(form, rules) for form, rules in asked if rules]


def _count(
    settings: Settings, asked: list[tuple[Form, list[Rule]]], period: Period | None, tell: Progress
) -> list[Impact]:
    """The impact on the period, or on the newest of each form; a form that nobody answered for has none."""
    from connectors.archive import Archive
    from connectors.keys import Keyring
    from connectors.warehouse.impact import count_impact, last_period
    from connectors.workbooks.pool import ReaderPool

    found: list[Impact] = []
    with reading(settings) as conn, ReaderPool(settings) as pool:
        archive = Archive(settings, Keyring.load(settings))
        for done, (form, rules) in enumerate(asked, start=1):
            of_form = period.id if period else last_period(conn, form)
            if of_form is not None:
                found += count_impact(conn, archive, pool, form, rules, of_form)
            tell(done, len(asked))
    return found


def _facts(found: Impact) -> dict[str, Any]:
    return {
        "rule": found.rule.code,
        "severity": found.rule.severity,
        "is_shadow": found.rule.is_shadow,
        "period": found.period,
        "rows": found.rows,
        "rows_asked": found.rows_asked,
        "units": found.units,
        "units_asked": found.units_asked,
    }


def _line(found: Impact, speaker: Speaker) -> list[object]:
    return [
        found.rule.code,
        speaker.words(*SEVERITY_WORDS[found.rule.severity]),
        speaker.words("是", "yes") if found.rule.is_shadow else "",
        *(found.period, found.rows, found.rows_asked, found.units, found.units_asked),
    ]


command_line.add_command(impact)
