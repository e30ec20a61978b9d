"""Tables as people might have filled them in: rows like the contracts' own examples, harmless habits everywhere, faults at known cells."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from connectors.workbooks.layout import HEADING_ROW, column_letters
from expectations.citizen_id import check_character
from expectations.contract import Field, Form, forms
from expectations.numerals import write_chinese_number
from tests.connectors.workbooks.filled import example
from tests.inputs.judged import workbook

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
MOST_ROWS = 8

Chance = random.Random


@dataclass
class Table:
    """One workbook: what is in its cells, what they mean, and the cells that must be found, each with the code that finds it."""

    form: Form
    cells: list[dict[str, object]] = field(default_factory=list)
    meant: dict[int, dict[str, object]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def first_row(self) -> int:
        return HEADING_ROW + 2 + any(f.is_totalled for f in self.form.fields)

    def bytes(self) -> bytes:
        return workbook(self.form, self.cells, spare_rows=0)

    def __str__(self) -> str:
        rows = {self.first_row + number: cells for number, cells in enumerate(self.cells) if cells}
        return f"{self.form.form_id} with {self.faults or 'no fault'}: {rows}"


def table(chance: Chance, *, has_faults: bool) -> Table:
    """One table of any form, with a fault in about every second row if it has any."""
    form = chance.choice(list(forms().values()))
    made = Table(form)
    meant = _rows(chance, form, 1 if form.is_single_row else chance.randint(1, MOST_ROWS))
    for row in meant:
        while chance.random() < 0.1 and not form.is_single_row:
            made.cells.append({})
        number = made.first_row + len(made.cells)
        made.meant[number] = row
        made.cells.append({f.name: _as_typed(chance, f, row.get(f.name)) for f in form.fields})
    if has_faults:
        for number in chance.sample(list(made.meant), (len(meant) + 1) // 2):
            _plant(chance, made, number)
    return made


def _plant(chance: Chance, made: Table, number: int) -> None:
    place = chance.randrange(len(made.form.fields))
    wrong = made.form.fields[place]
    typed, code = chance.choice(_faults(made.form, wrong, made.meant[number].get(wrong.name)))
    if code is None:
        return
    made.cells[number - made.first_row][wrong.name] = typed
    made.meant[number].pop(wrong.name, None)
    made.faults[f"{column_letters(place + 1)}{number}"] = code


def _rows(chance: Chance, form: Form, count: int) -> list[dict[str, object]]:
    """Rows like the example, with keys of their own."""
    rows = []
    # Up to here the days, groups and funds of relief make keys of their own.
    for number in chance.sample(range(420), count):
        row = example(form)
        for f in form.fields:
            if f.name in row:
                row[f.name] = _another(chance, form, f, row[f.name], number)
        rows.append(row)
    return rows


def _another(chance: Chance, form: Form, f: Field, value: object, number: int) -> object:
    match f.semantic:
        case "citizen_id":
            # Born on the same day, so that the age stays what the rules of the form want.
            first = f"{str(value)[:14]}{number:03}"
            return first + check_character(first)
        case "person_name":
            return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.randint(1, 2)))
    if (form.form_id, f.name) == ("relief", "given_on"):
        return date(2021, 2, 1) + timedelta(days=number % 28)
    if (form.form_id, f.name) == ("relief", "beneficiary_group"):
        return f.choices[number // 28 % 5].label_zh
    if (form.form_id, f.name) == ("relief", "funding_level"):
        return f.choices[number // 140 % 3].label_zh
    if (form.form_id, f.name) == ("target_allocation", "target_id"):
        return f"T{number:03}"
    if f.kind == "text" and f.name in form.key and not f.semantic:
        return f"{value}{number:03}"
    return value


def _as_typed(chance: Chance, f: Field, value: object) -> object:
    """The value as somebody types it; what is typed says the same to everybody."""
    if value is None or chance.random() < 0.3:
        return value
    habits: list[Callable[[], object]] = []
    plain = f"{value:f}" if isinstance(value, Decimal) else str(value)
    match f.kind:
        case "money":
            habits = [
                lambda: f"{value:,}",
                lambda: f"¥{value:,.2f}",
                lambda: f"{plain}元",
                lambda: plain.translate(FULL_WIDTH),
                lambda: f"{value:,}".replace(",", " "),
                lambda: f"人民币{plain}元整",
            ]
        case "integer" | "decimal":
            unit = "" if f.unit_zh == "按指标" else f.unit_zh or ""
            habits = [lambda: f"{plain}{unit}", lambda: plain.translate(FULL_WIDTH), lambda: f" {plain} "]
            if value == int(value) > 0 and f.kind == "integer":  # type: ignore[call-overload]  # a number, by its kind
                habits.append(lambda: write_chinese_number(int(plain)))
        case "date":
            assert isinstance(value, date)
            habits = [
                lambda: f"{value.year}年{value.month}月{value.day}日",
                lambda: f"{value.year}.{value.month}.{value.day}",
                lambda: f"{value.year}/{value.month:02}/{value.day:02}",
                lambda: f"{value:%Y%m%d}",
                lambda: f"{value.year}-{value.month}-{value.day}".translate(FULL_WIDTH),
                lambda: f"{value.year}/{value.month}/{value.day} 0:00:00",
                lambda: str((value - date(1899, 12, 30)).days),
            ]
        case "code" if f.choices:
            habits = [lambda: f"“{value}”", lambda: f"1.{value}", lambda: f" {value}\u3000", lambda: f"\ufeff{value}"]
        case "code":
            habits = [plain.lower, lambda: plain.translate(FULL_WIDTH), lambda: f"{plain[0]} {plain[1:]}"]
        case "text" if f.semantic == "person_name":
            habits = [lambda: " ".join(plain), lambda: "\u3000".join(plain)]
        case "text" if f.semantic == "citizen_id":
            habits = [
                plain.lower,
                lambda: plain.translate(FULL_WIDTH),
                lambda: f"{plain[:6]} {plain[6:14]} {plain[14:]}",
            ]
        case "text":
            habits = [lambda: f" {value}", lambda: f"{value}\u00a0", lambda: f"\u200b{value}\n"]
    return chance.choice(habits)()


def _faults(form: Form, f: Field, value: object) -> list[tuple[object, str | None]]:
    """What may go wrong in a cell of the field, each with the code of the one error it must lead to."""
    found: list[tuple[object, str | None]] = [("同上", "value.ditto"), ("#N/A", "value.cell_error")]
    match f.kind:
        case "money":
            found += [(t, "value.not_a_number") for t in ("约1000", "1000-2000", "1.234,56", "85%", "一千二")]
        case "integer" | "decimal":
            found += [(t, "value.not_a_number") for t in ("三十多", "3户/5人", "1,23", "若干")]
        case "date":
            found += [
                ("2021.2.30", "value.no_such_day"),
                ("2021年2月", "value.day_missing"),
                ("春节前", "value.not_a_date"),
                ("01/02/2021", "value.date_ambiguous"),
                ("1921-02-05", "value.date_out_of_range"),
            ]
        case "code" if f.choices:
            labels = [c.label_zh for c in f.choices]
            found += [("不在其中", "value.unknown_code"), ("、".join(labels[:2]), "value.several_values")]
        case "code":
            found += [("Z9999", f"{form.form_id}.{f.name}_known")]
        case "text" if f.semantic == "citizen_id":
            found += [(str(value)[:-1], "value.id_invalid"), ("110105********0021", "value.id_invalid")]
        case "text" if f.semantic == "credit_code":
            found += [("610000123456789", "value.credit_code_invalid")]
        case "text":
            found += [
                ("厂" * ((f.max_length or 300) + 1), "value.too_long"),
                ("乱码锟斤拷", "value.unreadable_characters"),
            ]
    if f.is_required:
        found.append((None, f"{form.form_id}.{f.name}_given"))
    if f.maximum is not None:
        found.append((f.maximum + 1, f"{form.form_id}.{f.name}_in_range"))
    return found
