"""The submitter's own workbook comes back with our marks in it, and otherwise as it was sent."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from connectors.replies.annotate import annotate
from connectors.replies.comments import AUTHOR
from connectors.replies.list_workbook import list_workbook
from connectors.replies.listing import HEADINGS
from connectors.replies.progress import Progress
from connectors.replies.refusal import CannotAnnotateError
from connectors.workbooks.layout import PROBLEM_SHEET
from connectors.workbooks.package import open_package
from connectors.workbooks.refusal import RefusedError
from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import forms
from expectations.finding import Severity
from tests.connectors.replies.packages import (
    ATTACKS,
    answer_of,
    answer_to,
    error_at,
    formulas_in,
    links_out,
    parts_of,
    without,
)
from tests.connectors.workbooks.filled import RELIEF, edited, example, filled, read_one, with_part
from tests.golden.stories import FOLDER

CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus"
GOLDEN = sorted(FOLDER.glob("*.xlsx"))
THREE_BAD = FOLDER / "relief_three_bad_cells.xlsx"

PATCHED = {
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/worksheets/sheet1.xml",
}
ADDED = {
    "xl/comments1.xml",
    "xl/drawings/vmlDrawing1.vml",
    "xl/worksheets/_rels/sheet1.xml.rels",
    "xl/worksheets/sheet5.xml",
}


def listed(data: bytes) -> list[dict[str, object]]:
    """The problem list as a person reads it, by its headings; a hidden column follows them."""
    sheet = openpyxl.load_workbook(io.BytesIO(data))[PROBLEM_SHEET]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    start = next(n for n, row in enumerate(rows) if row[0] == HEADINGS[0])
    return [dict(zip(HEADINGS, row, strict=False)) for row in rows[start + 1 :]]


def fill(data: bytes, cell: str) -> str:
    return str(openpyxl.load_workbook(io.BytesIO(data))[RELIEF.sheet][cell].fill.fgColor.rgb)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_part_that_bears_no_mark_stays_as_it_was_and_the_workbook_says_the_same(path: Path) -> None:
    data = path.read_bytes()
    reading = read_one(data)
    # A blank cell, a filled one and one of the headings, in whichever form.
    more = [error_at(cell, reading.sheet) for cell in ("B4", "C6", "C9")]
    annotated = annotate(data, answer_of(reading, *more))
    before, after = parts_of(data), parts_of(annotated)
    assert set(after) - set(before) == ADDED
    assert without(after, [*PATCHED, *ADDED]) == without(before, [*PATCHED])
    assert (formulas_in(annotated), links_out(annotated)) == (formulas_in(data), links_out(data))
    again = read_one(annotated)
    assert again.content_sha256 == reading.content_sha256
    assert again.to_wire() == reading.to_wire()


def test_a_marked_sheet_differs_in_its_marks_alone() -> None:
    data = THREE_BAD.read_bytes()
    before = parts_of(data)["xl/worksheets/sheet1.xml"]
    after = parts_of(annotate(data, answer_to(data)))["xl/worksheets/sheet1.xml"]
    after = re.sub(rb"<legacyDrawing[^>]*/>", b"", after)
    for cell, style in ((b"G7", b"3"), (b"H7", b"4"), (b"J8", b"5")):
        after, count = re.subn(rb'<c r="%s" t="s" s="\d+">' % cell, rb'<c r="%s" s="%s" t="s">' % (cell, style), after)
        assert count == 1, cell
    assert after == before.replace(b' tabSelected="1"', b"")


def test_the_list_stands_first_and_leads_to_each_cell() -> None:
    data = THREE_BAD.read_bytes()
    annotated = annotate(data, answer_to(data, progress=Progress(2, 1, 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workbook = openpyxl.load_workbook(io.BytesIO(annotated))
    assert workbook.sheetnames[0] == PROBLEM_SHEET
    assert workbook.active is workbook[PROBLEM_SHEET]
    assert [s.title for s in workbook if s.sheet_view.tabSelected] == [PROBLEM_SHEET]
    links = [cell.hyperlink.location for row in workbook[PROBLEM_SHEET].iter_rows() for cell in row if cell.hyperlink]
    assert links == [f"'{RELIEF.sheet}'!{cell}" for cell in ("G7", "H7", "J8", "H9")]
    on_top = "\n".join(str(cell.value) for cell in workbook[PROBLEM_SHEET]["A"] if cell.value)
    for said in (
        "A0101",
        "2021年2月",
        "第 2 次报送",
        "已改正 2 处，仍有 1 处，新增 3 处",
        "必须改 3 处，请核对 0 处，告知 1 处",
    ):
        assert said in on_top
    rows = listed(annotated)
    assert [(row["结果"], row["单元格"], row["规则编号"]) for row in rows] == [
        ("必须改", "G7", "value.not_a_number"), ("必须改", "H7", "value.not_a_number"),
        ("必须改", "J8", "value.no_such_day"), ("告知", "H9", "value.repaired"),
    ]  # fmt: skip
    # The sheets behind the new one keep what is tied to their place: the repeated heading rows are still the form's.
    assert workbook[RELIEF.sheet].print_title_rows == "$1:$4"


def test_each_cell_concerned_has_its_colour_its_format_and_a_comment() -> None:
    data = THREE_BAD.read_bytes()
    annotated = annotate(data, answer_to(data, error_at("J6", RELIEF.sheet, severity=Severity.WARNING)))
    sheet = openpyxl.load_workbook(io.BytesIO(annotated))[RELIEF.sheet]
    before = openpyxl.load_workbook(io.BytesIO(data))[RELIEF.sheet]
    commented = {cell.coordinate: cell.comment for row in sheet.iter_rows() for cell in row if cell.comment}
    assert set(commented) == {"G7", "H7", "J8", "J6"}
    for cell, comment in commented.items():
        assert comment.author == AUTHOR
        assert "value." in comment.text
        assert sheet[cell].number_format == before[cell].number_format
        assert repr(sheet[cell].font) == repr(before[cell].font)
        assert sheet[cell].protection.locked == before[cell].protection.locked
    assert "请只填写一个确切的数字" in commented["G7"].text
    assert fill(annotated, "G7") == "FFFFC7CD"
    assert fill(annotated, "J6") == "FFFFEB9B"
    assert fill(annotated, "H9") == "00000000", "what is only told needs no colour"


def test_a_cell_that_was_left_blank_is_coloured_in_its_place() -> None:
    data = filled(RELIEF, [example(RELIEF), {k: v for k, v in example(RELIEF).items() if k != "persons"}])
    annotated = annotate(data, answer_to(data, error_at("G7", RELIEF.sheet), error_at("M7", RELIEF.sheet)))
    assert fill(annotated, "G7") == fill(annotated, "M7") == "FFFFC7CD"
    row = re.search(rb'<row r="7".*?</row>', parts_of(annotated)["xl/worksheets/sheet1.xml"])
    assert row
    assert re.findall(rb'r="([A-Z]+)7"', row[0]) == [bytes([c]) for c in b"ABCDEFGHIJM"]
    assert openpyxl.load_workbook(io.BytesIO(annotated))[RELIEF.sheet]["G7"].number_format == "#,##0"


def test_equal_problems_are_one_line_with_all_their_cells_and_none_is_left_out() -> None:
    data = filled(RELIEF, [example(RELIEF, persons="约20") for _ in range(150)])
    rows = listed(annotate(data, answer_to(data)))
    assert len(rows) == 3
    cells = "、".join(str(row["单元格"]) for row in rows).split("、")
    assert cells == [f"G{row}" for row in range(6, 156)]


def test_what_is_sent_in_again_is_annotated_anew_without_the_old_marks() -> None:
    first = annotate(THREE_BAD.read_bytes(), answer_to(THREE_BAD.read_bytes()))

    def mend(workbook_sheet: Worksheet) -> None:
        assert workbook_sheet.parent
        sheet = workbook_sheet.parent[RELIEF.sheet]
        sheet["G7"], sheet["H7"] = 20, 1500

    def forget_author(xml: bytes) -> bytes:
        return xml.replace(AUTHOR.encode(), b"")

    # As it went out, as LibreOffice saves it, and mended.
    for returned in (first, with_part(first, "xl/comments1.xml", forget_author), edited(first, mend)):
        second = annotate(returned, answer_to(returned))
        assert openpyxl.load_workbook(io.BytesIO(second)).sheetnames.count(PROBLEM_SHEET) == 1
        assert fill(second, "J8") == "FFFFC7CD"
        bad = [row["单元格"] for row in listed(second) if row["结果"] != "告知"]
        sheet = openpyxl.load_workbook(io.BytesIO(second))[RELIEF.sheet]
        assert {c.coordinate for row in sheet.iter_rows() for c in row if c.comment} == set(bad)
        assert read_one(second).content_sha256 == read_one(returned).content_sha256
    # The typed total is told now that the rows can be added up.
    assert sorted(map(str, bad)) == ["G5", "J8"]
    assert fill(second, "G7") == fill(second, "H7") == "00000000"


def test_a_workbook_whose_sheet_was_renamed_is_still_recognised_behind_our_list() -> None:
    def rename(sheet: Worksheet) -> None:
        sheet.title = "Sheet1"

    data = edited(THREE_BAD.read_bytes(), rename)
    reading = read_one(data)
    again = read_one(annotate(data, answer_of(reading)))
    assert (again.sheet, again.content_sha256) == ("Sheet1", reading.content_sha256)


def _with_comment(sheet: Worksheet) -> None:
    from openpyxl.comments import Comment

    sheet["B6"].comment = Comment("请领导过目", "张工")


def _replaced(part: str, old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: with_part(data, part, lambda content: content.replace(old, new))


NOT_ANNOTATED: dict[str, Callable[[bytes], bytes]] = {
    "comments of others": lambda good: edited(good, _with_comment),
    "a list of theirs": lambda good: edited(good, lambda sheet: sheet.parent.create_sheet(PROBLEM_SHEET)),  # type: ignore[union-attr]
    "structure locked": _replaced("xl/workbook.xml", b"<bookViews>", b'<workbookProtection lockStructure="1"/><bookViews>'),
    "signed": lambda good: with_part(good, "_xmlsignatures/origin.sigs", lambda _: b""),
    "with macros": _replaced(
        "[Content_Types].xml", b"openxmlformats-officedocument.spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
    ),
    "strict": _replaced(
        "xl/workbook.xml", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    ),
    "UTF-16 inside": lambda good: with_part(
        good, "xl/styles.xml", lambda x: x.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    ),
    "style gone": _replaced("xl/worksheets/sheet1.xml", b'<c r="G7" s="3"', b'<c r="G7" s="99"'),
    "styles gone": _replaced("xl/styles.xml", b"cellXfs", b"cellYfs"),
    "cut off": lambda good: good[:3000],
    "an old format": lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a text": lambda _: "单位,金额\nA0101,约20\n".encode("gb18030"),
    "nothing": lambda _: b"",
}  # fmt: skip


@pytest.mark.parametrize("story", NOT_ANNOTATED)
def test_what_cannot_be_marked_without_risk_is_left_alone_and_gets_a_list_of_its_own(story: str) -> None:
    data = NOT_ANNOTATED[story](THREE_BAD.read_bytes())
    answer = answer_to(THREE_BAD.read_bytes())
    with pytest.raises(CannotAnnotateError) as refused:
        annotate(data, answer)
    assert refused.value.zh
    rows = listed(list_workbook(answer))
    assert [row["单元格"] for row in rows] == ["G7", "H7", "J8", "H9"]
    assert list_workbook(answer) == list_workbook(answer)


@pytest.mark.inputs("A85")
def test_nothing_that_was_typed_becomes_a_formula_or_a_link_in_what_we_send_back() -> None:
    assert len(ATTACKS) >= 40
    typed = [example(RELIEF, persons=text, beneficiary_unit=text) for text in ATTACKS]
    data = filled(RELIEF, typed)
    reading = read_one(data)
    more = [error_at(f"D{6 + n}", RELIEF.sheet, text) for n, text in enumerate(ATTACKS)]
    for text in ("=1+1", ATTACKS[0]):
        reading.unit_id = text
        annotated = annotate(data, answer_of(reading, *more))
        assert formulas_in(annotated) == formulas_in(data)
        assert links_out(annotated) == []
        own = list_workbook(answer_of(reading, *more))
        assert (formulas_in(own), links_out(own)) == ([], [])
        for workbook in (annotated, own):
            # Office programs read _x005F_ as the underscore; openpyxl shows it as it is kept.
            shown = {str(row["您填的内容"]).replace("_x005F_", "_") for row in listed(workbook)}
            assert {text for text in ATTACKS if text.isprintable() and text.strip() == text} <= shown


@pytest.mark.inputs("A85")
@pytest.mark.parametrize("form", forms().values(), ids=list(forms()))
def test_no_name_in_the_register_becomes_a_formula_or_a_link_in_a_template(form) -> None:  # type: ignore[no-untyped-def]
    def template(names: list[str]) -> bytes:
        stream = io.BytesIO()
        units = [(f"A{n:04}", name) for n, name in enumerate(names)]
        identity = Identity(
            form.form_id,
            form.edition,
            "A0101",
            names[0],
            {"month": "2021-02", "quarter": "2021-Q1"}.get(form.frequency, "2021"),
        )
        write_workbook(stream, form, identity, units=units, spare_rows=2)
        return stream.getvalue()

    written = template(list(ATTACKS))
    assert formulas_in(written) == formulas_in(template(["一厂"] * len(ATTACKS)))
    assert links_out(written) == []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus lies beside the project, where it was made")
def test_workbooks_of_all_the_world_are_annotated_whole_or_left_alone() -> None:
    outcomes = {"annotated": 0, "left alone": 0}
    for path in sorted(CORPUS.rglob("*.xls[xm]")):
        data = path.read_bytes()
        if len(data) > 300_000:
            continue
        try:
            sheet = next(iter(open_package(data).sheets))
        except RefusedError:
            continue
        try:
            annotated = annotate(
                data, answer_to(THREE_BAD.read_bytes(), *(error_at(c, sheet) for c in ("A1", "B3", "C200")))
            )
        except CannotAnnotateError:
            outcomes["left alone"] += 1
            continue
        outcomes["annotated"] += 1
        before, after = parts_of(data), parts_of(annotated)
        touched = {name for name in before if before[name] != after[name]}
        assert len(touched - PATCHED) <= 2, (path, touched)
        assert not [name for name in touched if not re.search(r"workbook|styles|Content_Types|worksheets/", name)], path
        assert formulas_in(annotated) == formulas_in(data), path
        assert links_out(annotated) == links_out(data), path
    assert outcomes["annotated"] > 100, outcomes


def test_a_workbook_that_makes_us_stumble_gets_a_list_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("connectors.replies.annotate.listing_of", stumble)
    with pytest.raises(CannotAnnotateError):
        annotate(THREE_BAD.read_bytes(), answer_to(THREE_BAD.read_bytes()))
