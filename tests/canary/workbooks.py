"""What clerks send: the fifty in their columns, and written where they do not belong. `WRITTEN` says where, one story each.

Each story takes the next people and gives files; `fill` deals people out to the stories in turn until all have a place.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import Form, forms
from tests.canary.people import Person
from tests.connectors.workbooks.filled import example
from tests.expectations.examples import example_period
from tests.night.inbox import UNITS, register_rows

Files = Iterator[tuple[str, bytes]]
Draw = Callable[[], Person]

PERSONAL = [form for form in forms().values() if form.personal_fields]
AID = forms()["hardship_aid"]
TRAINING = forms()["training"]
FIRST_ROW = 6
"""Of a sheet that has a row of totals."""


def filled(form: Form, unit: str, rows: Sequence[Mapping[str, object]], period: str | None = None) -> bytes:
    """A workbook of that unit from the template."""
    stream = io.BytesIO()
    identity = Identity(
        form.form_id, form.edition, unit, UNITS.get(unit, (unit,))[0], period or example_period(form).id
    )
    write_workbook(stream, form, identity, rows, spare_rows=3)
    return stream.getvalue()


def row_of(form: Form, draw: Draw, **over: object) -> dict[str, object]:
    """The example row with other people in its personal columns."""
    row = example(form)
    person: Person | None = None
    for field in form.personal_fields:
        # A name and the ID after it are of one person.
        if field.semantic == "person_name" or person is None:
            person = draw()
        row[field.name] = person.name if field.semantic == "person_name" else person.citizen_id
    return row | over


def saved(data: bytes, edit: Callable[[Workbook, Worksheet], object]) -> bytes:
    """The workbook after somebody has opened it, changed it and saved it."""
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    edit(workbook, workbook.worksheets[0])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def column_of(sheet: Worksheet, heading: str) -> int:
    """The number of the column under that heading, whatever mark of necessity it bears."""
    for row in sheet.iter_rows(min_row=1, max_row=FIRST_ROW):
        for cell in row:
            if isinstance(cell.value, str) and cell.value.strip("* \n").startswith(heading):
                return int(cell.column)
    raise KeyError(heading)


def first_row_of(sheet: Worksheet, text: str) -> int:
    """The row in which that text stands."""
    return next(cell.row for row in sheet.iter_rows() for cell in row if cell.value == text)


def in_their_columns(draw: Draw) -> Files:
    """Good rows of every form with personal columns."""
    for form in PERSONAL:
        yield f"{form.title_zh}_A0101.xlsx", filled(form, form_unit(form, "A0101"), [row_of(form, draw)])


def wrong_ids(draw: Draw) -> Files:
    """A check character that is wrong, an ID in full width, one with blanks, and one that Excel has rounded: rows that wait, or are repaired."""
    rows = []
    for change in (
        lambda p: p.wrong_id,
        lambda p: p.citizen_id.translate({n: n + 0xFEE0 for n in range(48, 58)}),
        lambda p: f"{p.citizen_id[:6]} {p.citizen_id[6:14]} {p.citizen_id[14:]}",
        lambda p: p.citizen_id[:15] + "000",
    ):
        person = draw()
        rows.append(example(AID) | {"worker_name": person.name, "worker_citizen_id": change(person)})
    yield "救助_错号.xlsx", filled(AID, "A0102", rows)


def waiting_rows(draw: Draw) -> Files:
    """A day outside the period, a rule about the name broken, and the same row twice."""
    one, other, twice = row_of(AID, draw), row_of(AID, draw), row_of(AID, draw)
    one["paid_on"] = date(2021, 12, 1)
    other["worker_name"] = f"{other['worker_name']}、{draw().name}"
    yield "救助_待更正.xlsx", filled(AID, "A0201", [one, other, twice, twice | {"amount_cny": 0}])


def shifted_cells(draw: Draw) -> Files:
    """A row shifted by a column, so that names, IDs, phones and cards stand in columns of numbers, days and codes."""
    wrong = [draw() for _ in range(6)]
    rows = [example(AID) | {"worker_name": "某某", "worker_citizen_id": wrong[0].citizen_id} for _ in wrong]
    rows[0] |= {"amount_cny": wrong[0].name}
    rows[1] |= {"paid_on": wrong[1].citizen_id}
    rows[2] |= {"hardship_cause": wrong[2].name}
    rows[3] |= {"aid_kind": wrong[3].citizen_id}
    rows[4] |= {"standard_cny": wrong[4].bank_card}
    rows[5] |= {"amount_cny": f"{wrong[5].name} {wrong[5].phone}"}
    yield "救助_错列.xlsx", filled(AID, "A0101", rows, "2021-03")


def numbers_in_open_text(draw: Draw) -> Files:
    """An ID, a phone and a card in a column of free text."""
    rows = []
    for give in (lambda p: p.citizen_id, lambda p: f"联系电话{p.phone}", lambda p: f"卡号 {p.bank_card}"):
        row = row_of(TRAINING, draw)
        rows.append(row | {"course": f"{row['course']}（{give(draw())}）"})
    yield "培训_备注.xlsx", filled(TRAINING, form_unit(TRAINING, "A0102"), rows)


def beside_the_table(draw: Draw) -> Files:
    """Columns that the form does not have, notes of cells, lines above and below the table, red and crossed-out text."""

    def edit(workbook: Workbook, sheet: Worksheet) -> None:
        person, other, third, fourth = draw(), draw(), draw(), draw()
        names = {cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)}
        row = first_row_of(sheet, next(n for n in names if n == base["worker_name"]))
        width = sheet.max_column
        heading = (
            row - 2
            if sheet.cell(row - 1, 1).value in (None, "合计") or "合计" in str(sheet.cell(row - 1, 1).value)
            else row - 1
        )
        for place, (title, text) in enumerate(
            (
                ("手机号", person.phone),
                ("银行卡号", person.bank_card),
                ("家庭住址", person.address),
                ("配偶", other.name),
            ),
            1,
        ):
            sheet.cell(heading, width + place, title)
            sheet.cell(row, width + place, text)
        sheet.cell(row, 2).comment = Comment(f"{third.name} {third.citizen_id}", third.name)
        sheet.cell(row, 2).font = Font(color="FFFF0000", strike=True)
        sheet.cell(row + 5, 2, f"审核人：{fourth.name} 电话 {fourth.phone}")

    base = row_of(AID, draw)
    yield "救助_表外.xlsx", saved(filled(AID, "A0102", [base], "2021-03"), edit)


def other_sheets(draw: Draw) -> Files:
    """A second sheet, and a hidden one, full of people; and the properties that an office program keeps of its user."""

    def edit(workbook: Workbook, sheet: Worksheet) -> None:
        for title, state in (("名单", "visible"), ("底稿", "hidden")):
            more = workbook.create_sheet(title)
            more.sheet_state = state
            for person in (draw(), draw()):
                more.append([person.name, person.citizen_id, person.phone, person.bank_card, person.address])
        author = draw()
        workbook.properties.creator = author.name
        workbook.properties.lastModifiedBy = author.name
        workbook.properties.description = f"{author.citizen_id} {author.phone}"

    yield "救助_附表.xlsx", saved(filled(AID, "A0201", [row_of(AID, draw)], "2021-03"), edit)


def numbers_in_headings(draw: Draw) -> Files:
    """A heading, a sheet's name and a unit's code that hold a number of a person."""

    def edit(workbook: Workbook, sheet: Worksheet) -> None:
        sheet.cell(FIRST_ROW - 2, sheet.max_column + 1, f"经办人{draw().citizen_id}")
        workbook.create_sheet(f"名单{draw().phone}").append(["内部"])

    yield "救助_表头.xlsx", saved(filled(AID, "A0101", [row_of(AID, draw)], "2021-04"), edit)
    yield "救助_代码.xlsx", filled(AID, draw().citizen_id, [row_of(AID, draw)])


def refused_files(draw: Draw) -> Files:
    """Lists that are no form of ours, a torn workbook, a text, a list in a zip, and an edition that is not read any more."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["姓名", "身份证", "电话", "卡号", "住址"])
    for person in (draw(), draw()):
        sheet.append([person.name, person.citizen_id, person.phone, person.bank_card, person.address])
    stream = io.BytesIO()
    workbook.save(stream)
    yield "通讯录.xlsx", stream.getvalue()
    good = filled(AID, "A0101", [row_of(AID, draw)], "2021-05")
    yield "救助_残缺.xlsx", good[: len(good) * 2 // 3]
    person = draw()
    text = f"姓名,身份证号,救助金额\n{person.name},{person.citizen_id},{person.address}\n"
    yield "名单.csv", text.encode("gb18030")
    person = draw()
    yield "说明.xlsx", f"{person.name}：{person.citizen_id}，{person.phone}".encode("utf-16")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("一.xlsx", filled(AID, "A0201", [row_of(AID, draw)], "2021-05"))
        archive.writestr("二.txt", f"{draw().name} {draw().address}")
    yield "打包.zip", packed.getvalue()


def form_unit(form: Form, wanted: str) -> str:
    """A unit that hands in the form."""
    return wanted if "enterprise" in form.submitted_by else "S0001"


STORIES = (
    in_their_columns, shifted_cells, waiting_rows, numbers_in_open_text, beside_the_table, wrong_ids, other_sheets,
    numbers_in_headings, refused_files,
)  # fmt: skip


def fill(folder: Path, crowd: Sequence[Person]) -> int:
    """Write the register and every story's files; gives how many of the crowd have a place. Who has none yet comes before who has one."""
    folder.mkdir(parents=True, exist_ok=True)
    dealt = 0

    def draw() -> Person:
        nonlocal dealt
        dealt += 1
        return crowd[(dealt - 1) % len(crowd)]

    (folder / "名册.xlsx").write_bytes(filled(forms()["unit_register"], "S0001", register_rows()))
    for story in STORIES:
        for name, data in story(draw):
            (folder / name).write_bytes(data)
    return min(dealt, len(crowd))
