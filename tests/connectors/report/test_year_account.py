"""The account of a year: prose whose every number comes from the tables and leads to where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn

from connectors.report import AccountFiles, write_account
from connectors.report.year_account.numbers import estimated, said
from connectors.report.year_account.prose import CHAPTERS, TEMPLATES, sentence
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.replies.packages import formulas_in, links_out
from tests.connectors.report import bi, catalogue
from tests.connectors.report.html import Page

FIGURE = re.compile(r'<a class="fig" href="#s(\d+)"[^>]*>([^<]+)</a>')


@dataclass(frozen=True, slots=True)
class Written:
    """Both files of an account, as a reader has them."""

    files: AccountFiles

    @property
    def page(self) -> Page:
        """The HTML, taken apart."""
        return Page(self.files.page.read_text(encoding="utf-8"))

    @property
    def prose(self) -> str:
        """The chapters of the HTML with their markup."""
        source = self.files.page.read_text(encoding="utf-8")
        return source[source.index("<main>") : source.index("</main>")]

    @property
    def text(self) -> str:
        """The chapters of the HTML as text without breaks."""
        return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", self.prose))

    @property
    def figures(self) -> list[tuple[int, str]]:
        """The figures of the text in order: what they cite, and how they are written."""
        return [(int(number), text) for number, text in FIGURE.findall(self.prose)]

    @property
    def sources(self) -> dict[int, list[str]]:
        """The rows of the appendix of the HTML by their number: the text of their cells."""
        source = self.files.page.read_text(encoding="utf-8")
        rows = re.findall(r'<tr id="s(\d+)">(.*?)</tr>', source)
        return {
            int(n): [re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", row)]
            for n, row in rows
        }


Account = Callable[..., Written]


@pytest.fixture
def account(settings: Settings, tmp_path: Path) -> Account:
    """The account of 2021 over the catalogue with what a test plants."""

    def write(**planted: catalogue.Values) -> Written:
        with connect(settings) as conn:
            bi.make_tables(conn)
            catalogue.fill_sources(conn)
            catalogue.fill_catalogue(conn, **planted)
        files = write_account(settings, "2021", tmp_path)
        assert files is not None
        return Written(files)

    return write


def words_of(paragraphs: list[str]) -> str:
    return re.sub(r"\s+", "", re.sub(r"\[\d+\]", "", "".join(paragraphs)))


def test_every_number_of_the_text_is_a_link_to_a_row_of_the_appendix_and_back(account: Account) -> None:
    written = account(before={"relief_paid": 31000000})
    assert written.page.faults == []
    unlinked = re.sub(r"<[^>]+>", "", FIGURE.sub("", written.prose))
    assert re.findall(r"\d+", unlinked) == []
    cited = [number for number, _ in written.figures]
    assert list(dict.fromkeys(cited)) == list(written.sources) == list(range(1, max(cited) + 1))
    assert set(written.page.attributes("id")) >= {f"c{number}" for number in cited}


def test_every_indicator_and_target_is_told(account: Account) -> None:
    told = " ".join(cells[0] for cells in account().sources.values()).split()
    assert set(told) >= {i["indicator_id"] for i in catalogue.seed("indicators")}
    assert set(told) >= {t["target_id"] for t in catalogue.seed("targets")}


def test_templates_name_only_what_there_is() -> None:
    known = {i["indicator_id"] for i in catalogue.seed("indicators")}
    targets = {t["target_id"] for t in catalogue.seed("targets")}
    for template in TEMPLATES.glob("*.zh.j2"):
        text = template.read_text(encoding="utf-8")
        assert set(re.findall(r"\bf\.(\w+)", text)) - known == set(), template.name
        assert set(re.findall(r"\bpace\(\"(\w+)\"", text)) - targets == set(), template.name
        assert re.findall(r"[0-9０-９]", re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL).replace("##", "")) == []


def test_the_figures_of_the_newspaper_stand_in_the_text_as_it_printed_them(account: Account) -> None:
    text = account(values={"relief_paid": 38741900}).text
    assert "全年投入救助慰问资金3874.19万元，" in text
    assert "送温暖活动慰问企业40家，发放慰问金142万元。" in text
    assert "送清凉活动各级筹集资金3559.854万元。" in text
    assert "组织党史知识网络答题，参与701万人次。" in text
    assert "日常救助职工86人，发放救助金18.3万元，" in text
    assert "名师带徒签约师傅80人，徒弟457人，" in text
    assert "消费帮扶采购1247.11万元（属于采购，不计入救助慰问资金）。" in text


def test_a_planted_value_changes_the_text_and_its_row_in_both_files(account: Account) -> None:
    written = account(values={"winter_warmth_units": 43, "winter_warmth_money": Decimal("1430000.50")})
    assert "慰问企业43家，发放慰问金约143.0001万元。" in written.text
    assert "慰问企业43家，发放慰问金约143.0001万元。" in words_of(
        [p.text for p in Document(str(written.files.document)).paragraphs]
    )
    (row,) = [cells for cells in written.sources.values() if "winter_warmth_money" in cells[0]]
    assert row[1:] == [
        *("2021", "1,430,000.5 元", "—", "第 7 次（初步）", "95.0%", "慰问救助台账", "2"),
        "warehouse explain winter_warmth_money --period 2021",
    ]


def test_rows_are_counted_where_they_count(account: Account) -> None:
    sources = {cells[0].split()[-1]: cells for cells in account().sources.values()}
    # Of three rows of 2021 one is 0; the state that ended in September does not hold at the end of the year.
    assert sources["winter_warmth_money"][7] == "2"
    assert sources["smart_union_rate"][7] == "1 / 0"
    # A congress of the year before is none of this year.
    assert sources["workers_congress_rate"][7] == "0 / 0"


def test_what_has_no_value_is_left_out_of_the_text_and_listed_with_its_reason(account: Account) -> None:
    written = account(values={"lectures_held": None, "team_leaders_trained": None})
    assert "开展宣讲" not in written.text
    assert "以下指标暂无数据：宣讲场次。原因见附录。" in written.text
    assert "以下指标暂无数据：班组长培训人数。原因见附录。" in written.text
    assert "班组长培训人数 team_leaders_trained 《培训台账》应报 36 份，均未报送或未被采用" in written.page.text
    told = [cells[0] for cells in written.sources.values()]
    assert not [name for name in told if "lectures_held" in name or "T03" in name]
    tables = Document(str(written.files.document)).tables
    assert [row.cells[0].text.splitlines()[1] for row in tables[1].rows[1:]] == [
        "team_leaders_trained",
        "lectures_held",
    ]


def test_a_year_without_any_value_has_four_chapters_and_no_number(account: Account) -> None:
    written = account(values={i["indicator_id"]: None for i in catalogue.seed("indicators")})
    assert written.figures == []
    assert written.text.count("以下指标暂无数据：") == len(CHAPTERS) + 1
    assert "（一）" not in written.text


def test_of_0_it_is_said_that_there_was_nothing_with_its_trace(account: Account) -> None:
    written = account(values={"disaster_relief_money": 0, "proposal_settlement_rate": 0})
    assert "没有报送防汛救灾支出" in [text for _, text in written.figures]
    assert "职代会提案办结率为0.0%" in written.text


def test_growth_that_is_a_loss_is_called_one(account: Account) -> None:
    text = account(values={"skills_contest_new_trades": -3}).text
    assert "比上年减少3个工种，未达到年度目标2个工种。" in text


@pytest.mark.parametrize(
    ("before", "clause"),
    [
        (31000000, "投入救助慰问资金3874.19万元，高于上年的3100万元，"),
        (40000000, "投入救助慰问资金3874.19万元，低于上年的4000万元，"),
        (38741900, "投入救助慰问资金3874.19万元，与上年持平，"),
        (None, "投入救助慰问资金3874.19万元，惠及"),
    ],
)
def test_last_year_is_compared_with_only_where_it_is_known(account: Account, before: int | None, clause: str) -> None:
    written = account(values={"relief_paid": 38741900}, before={} if before is None else {"relief_paid": before})
    assert clause in written.text
    of_last_year = [cells for cells in written.sources.values() if cells[1] == "2020"]
    assert [cells[8] for cells in of_last_year] == (
        [] if before is None else ["warehouse explain relief_paid --period 2020"]
    )


@pytest.mark.parametrize(
    ("value", "clause"),
    [
        (12, "24家，超过年度目标10家"),
        (10, "10家，达到年度目标10家"),
        (9, "9家，未达到年度目标10家"),
    ],
)
def test_a_target_of_the_year_is_reached_or_not(account: Account, value: int, clause: str) -> None:
    assert clause.replace("24家", "12家") in account(values={"corps_units_visited": value}).text


@pytest.mark.parametrize(
    ("rate", "clause"),
    [
        ("0.9", "智慧工会建设率90.0%，超过规划目标80.0%。"),
        ("0.5", "智慧工会建设率50.0%，快于规划进度（目标80.0%，按直线进度应达16.0%）。"),
        ("0.1", "智慧工会建设率10.0%，落后于规划进度（目标80.0%，按直线进度应达16.0%）。"),
    ],
)
def test_a_target_of_the_plan_is_told_against_its_path(account: Account, rate: str, clause: str) -> None:
    assert clause in account(values={"smart_union_rate": Decimal(rate)}).text


def test_the_document_says_what_the_page_says(account: Account) -> None:
    written = account(values={"lectures_held": None}, before={"relief_paid": 31000000})
    paper = Document(str(written.files.document))
    body = [p.text for p in paper.paragraphs]
    told = words_of(body[body.index("2021 年度工作报告") : body.index("附录：数据来源")])
    assert told.endswith(written.text)
    marks = [int(mark) for mark in re.findall(r"\[(\d+)\]", "".join(body))]
    assert marks == [number for number, _ in written.figures]
    rows = [[" ".join(cell.text.split()) for cell in row.cells] for row in paper.tables[0].rows]
    assert rows[1:] == [
        [str(number), *(re.sub(r"\s+", " ", cell) for cell in cells)] for number, cells in written.sources.items()
    ]


def test_the_document_is_styled_for_chinese_and_leads_from_marks_to_rows(account: Account) -> None:
    paper = Document(str(account().files.document))
    fonts = {
        name: paper.styles[name].element.rPr.rFonts.get(qn("w:eastAsia"))
        for name in ("Body Text", "Heading 1", "Title")
    }
    assert fonts == {"Body Text": "仿宋", "Heading 1": "黑体", "Title": "黑体"}
    headings = [p.text for p in paper.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert headings == ["一、思想引领", "二、建功立业", "三、维权服务", "四、自身建设", "附录：数据来源"]
    bookmarks = {b.get(qn("w:name")) for b in paper.element.body.iter(qn("w:bookmarkStart"))}
    anchors = {link.get(qn("w:anchor")) for link in paper.element.body.iter(qn("w:hyperlink"))}
    assert anchors <= bookmarks
    assert len(anchors) == len(paper.tables[0].rows) - 1
    assert "PAGE" in paper.sections[0].footer._element.xml
    assert [row._tr.xml.count("w:tblHeader") for row in paper.tables[0].rows[:2]] == [1, 0]
    relations = paper.part.rels.values()
    assert not [relation for relation in relations if relation.is_external]


def test_the_same_release_gives_the_same_bytes(account: Account, settings: Settings, tmp_path: Path) -> None:
    first = account()
    again = write_account(settings, "2021", tmp_path / "again")
    assert again is not None
    assert again.document.read_bytes() == first.files.document.read_bytes()
    assert again.page.read_bytes() == first.files.page.read_bytes()
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == [
        "年度工作报告_2021.docx",
        "年度工作报告_2021.html",
    ]


@pytest.mark.parametrize(("office", "is_told"), [("省工会机关（样例）", True), ("省工会机关", False)])
def test_only_the_sample_says_that_it_is_one_in_both_files(
    settings: Settings, tmp_path: Path, office: str, is_told: bool
) -> None:
    with connect(settings) as conn:
        bi.make_tables(conn)
        bi.fill_year(conn, office)
    files = write_account(settings, "2021", tmp_path)
    assert files is not None
    assert ("样例数据" in files.page.read_text(encoding="utf-8")) is is_told
    paper = Document(str(files.document))
    assert any("样例数据" in p.text for p in paper.paragraphs) is is_told
    assert ("样例数据" in paper.core_properties.comments) is is_told


def test_a_database_with_bi_alone_has_an_account_without_forms_and_rows(settings: Settings, tmp_path: Path) -> None:
    with connect(settings) as conn:
        bi.make_tables(conn)
        bi.fill_year(conn)
    files = write_account(settings, "2021", tmp_path)
    assert files is not None
    rows = Written(files).sources.values()
    assert {(cells[6], cells[7]) for cells in rows} == {("—", "—")}


def test_the_page_needs_nothing_but_itself(account: Account) -> None:
    page = account().page
    assert re.findall(r"\w+://", page.source) == []
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed"}
    assert all(target.startswith("#") for target in page.attributes("href"))
    ids = page.attributes("id")
    assert {target[1:] for target in page.attributes("href")} <= set(ids)
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.inputs("A85")
def test_the_document_holds_no_formula_and_fetches_nothing(account: Account) -> None:
    document = account().files.document.read_bytes()
    assert (formulas_in(document), links_out(document)) == ([], [])


def test_before_the_first_release_there_is_no_account(settings: Settings, tmp_path: Path) -> None:
    assert write_account(settings, "2021", tmp_path) is None
    assert not list(tmp_path.glob("年度*"))


def test_a_month_has_no_account(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2021-02 is no year"):
        write_account(settings, "2021-02", tmp_path)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("38741900.00", "CNY", "3874.19万元"),
        ("9999.50", "CNY", "9999.5元"),
        ("1420000.50", "CNY", "约142.0001万元"),
        ("7010000", "participations", "701万人次"),
        ("100001", "persons", "100001人"),
        ("12345", "person-times", "12345人次"),
        ("0.9996", "share", "99.9%"),
        ("2127.9069767442", "CNY per person", "2127.91元"),
        ("1.2333333333", "rounds", "1.23轮"),
    ],
)
def test_numbers_are_said_as_in_a_work_report(value: str, unit: str, shown: str) -> None:
    assert said(Decimal(value), unit) == shown


def test_a_path_is_said_in_whole_things_and_as_about() -> None:
    assert estimated(Decimal("39.978"), "families") == "约40户"
    assert estimated(Decimal("0.3998"), "batches") == "约0.4批"
    assert estimated(Decimal("300000"), "CNY") == "30万元"
    assert estimated(Decimal("0.16"), "share") == "16.0%"


def test_a_sentence_without_clauses_is_none() -> None:
    assert sentence("", "", start="全年") == ""
    assert sentence("甲", "", "乙", start="全年") == "全年甲，乙。"
