"""The submitter's own workbook with our marks: the problem list in front, coloured cells, and a comment on each.

The package is patched part by part, because a library that reads and writes the whole loses what it does not know: text boxes,
extensions, every result of a formula. What would be a risk to the workbook is left alone (`CannotAnnotateError`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import partial

from connectors.replies.answer import Answer
from connectors.replies.comments import MOST_COMMENTS, are_all_ours, comment_text, comments_xml, drawing_vml
from connectors.replies.list_sheet import add_list_styles, list_sheet_xml
from connectors.replies.listing import Listing, listing_of
from connectors.replies.parcel import Parcel
from connectors.replies.problems import Problem
from connectors.replies.refusal import CannotAnnotateError
from connectors.replies.relations import Relations, relations_path
from connectors.replies.sheet_marks import SheetMarks, mark_sheet, split_cell
from connectors.replies.styles import StyleSheet
from connectors.replies.tags import appended, root_prefix
from connectors.replies.workbook_part import Sheet, list_sheets, refuse_what_is_not_plain, with_list_in_front
from connectors.workbooks.layout import PROBLEM_SHEET
from connectors.workbooks.package import open_package
from expectations.finding import Severity

log = logging.getLogger(__name__)

WORKBOOK, TYPES, STYLES = "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"
_KINDS = {
    "sheet": "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
    "comments": "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml",
}


def annotate(data: bytes, answer: Answer) -> bytes:
    """The workbook of these bytes, annotated with an answer. Raises: CannotAnnotateError."""
    try:
        annotated = _Annotation(Parcel(data), listing_of(answer, is_annotated=True)).workbook()
        # What the reader would refuse is never sent back.
        open_package(annotated)
    except CannotAnnotateError:
        raise
    except Exception as error:
        # Whatever one strange workbook does to us, its unit gets a list, and all others their answers.
        log.info("delivery %s could not be annotated: %s", answer.delivery_id, type(error).__name__)
        raise CannotAnnotateError("文件内部的结构不规范", "the package is not as office programs write it") from error
    return annotated


class _Annotation:
    """The work on one workbook; `changed` gathers the parts."""

    def __init__(self, parcel: Parcel, listing: Listing) -> None:
        self._parcel, self._listing = parcel, listing
        self._changed: dict[str, bytes] = {}
        refuse_what_is_not_plain(parcel.names, parcel.part(TYPES), parcel.part(WORKBOOK))
        self._relations = self._relations_of(WORKBOOK)
        self._sheets = list_sheets(parcel.part(WORKBOOK), self._relations)
        self._styles = StyleSheet(parcel.part(STYLES))

    def workbook(self) -> bytes:
        """The annotated workbook."""
        old = self._old_list()
        by_name = {sheet.name: sheet for sheet in self._sheets if sheet != old}
        problems: dict[str, list[Problem]] = {name: [] for name in by_name}
        for problem in self._listing.problems:
            if problem.sheet in problems and problem.severity is not Severity.INFO:
                problems[problem.sheet].append(problem)
        activates = old is None and self._can_take_the_front(by_name)
        for name, mine in problems.items():
            if mine or self._has_marks_of_old(by_name[name]):
                self._mark(by_name[name], mine, deselect=activates)
        styles = add_list_styles(self._styles)
        xml = list_sheet_xml(self._listing, styles, is_active=activates or (old is not None and self._is_active(old)))
        if old is None:
            path = self._free_name("xl/worksheets/sheet{}.xml")
            relation = self._relations.add("worksheet", path)
            self._changed[WORKBOOK] = with_list_in_front(self._part(WORKBOOK), relation, activates=activates)
            self._changed[self._relations.path] = self._relations.xml
            self._declare(path, "sheet")
        else:
            path = old.path
        self._changed[path] = xml
        self._changed[STYLES] = self._styles.render()
        return self._parcel.with_parts(self._changed)

    def _old_list(self) -> Sheet | None:
        """The list of a former answer, to be replaced; a sheet of that name that is not ours stands against annotating."""
        old = next((s for s in self._sheets if s.name == PROBLEM_SHEET), None)
        if old is not None and b'rgb="FFC00000"' not in self._part(old.path)[:2000]:
            raise CannotAnnotateError(f"已有名为“{PROBLEM_SHEET}”的工作表", f"there is a sheet {PROBLEM_SHEET} already")
        return old

    def _can_take_the_front(self, by_name: Mapping[str, Sheet]) -> bool:
        """Whether the list can be the sheet that is shown first: every sheet that is selected now is one that is changed anyway.

        Two selected sheets would be a group, in which what is typed in one is typed in all.
        """
        marked = {problem.sheet for problem in self._listing.problems if problem.severity is not Severity.INFO}
        return all(
            (sheet.name in marked and sheet.name in by_name)
            or not re.search(rb"tabSelected\s*=\s*[\"'](?:1|true)", self._part(sheet.path)[:20_000])
            for sheet in self._sheets
        )

    def _is_active(self, sheet: Sheet) -> bool:
        return b"tabSelected" in self._part(sheet.path)[:20_000]

    def _has_marks_of_old(self, sheet: Sheet) -> bool:
        return bool(self._styles.marks_of_old) and sheet.path.startswith("xl/worksheets/")

    def _mark(self, sheet: Sheet, problems: list[Problem], *, deselect: bool) -> None:
        worst: dict[str, Severity] = {}
        texts: dict[str, str] = {}
        for problem in problems:
            text = comment_text(problem)
            for cell in filter(split_cell, problem.cells):
                worst.setdefault(cell, problem.severity)
                texts[cell] = f"{texts[cell]}\n\n{text}" if cell in texts else text
        texts = dict(sorted(texts.items(), key=lambda item: split_cell(item[0]) or (0, 0))[:MOST_COMMENTS])
        relation = None
        if texts:
            relation = self._add_comments(sheet, texts)
        else:
            self._drop_comments(sheet)
        styles = {cell: partial(self._styles.marked, severity=severity) for cell, severity in worst.items()}
        marks = SheetMarks(styles, self._styles.marks_of_old, self._styles.unmarked, relation, deselect)
        self._changed[sheet.path] = mark_sheet(self._part(sheet.path), marks)

    def _add_comments(self, sheet: Sheet, texts: Mapping[str, str]) -> bytes | None:
        relations = self._relations_of(sheet.path)
        kinds = relations.by_kind
        block = 1 + sum(name.endswith(".vml") for name in self._parcel.names)
        if "comments" in kinds or "threadedComment" in kinds or b"legacyDrawing " in self._part(sheet.path):
            self._refuse_comments_of_others(kinds)
            self._changed[kinds["comments"]] = comments_xml(texts)
            self._changed[kinds["vmlDrawing"]] = drawing_vml(texts, block)
            return None
        comments = self._free_name("xl/comments{}.xml")
        drawing = self._free_name("xl/drawings/vmlDrawing{}.vml")
        relation = relations.add("vmlDrawing", drawing)
        relations.add("comments", comments)
        self._changed |= {
            comments: comments_xml(texts),
            drawing: drawing_vml(texts, block),
            relations.path: relations.xml,
        }
        self._declare(comments, "comments")
        return relation

    def _drop_comments(self, sheet: Sheet) -> None:
        """Empty the comments that a former answer left; others stay."""
        kinds = self._relations_of(sheet.path).by_kind
        if "comments" in kinds and "vmlDrawing" in kinds and are_all_ours(self._part(kinds["comments"])):
            self._changed[kinds["comments"]] = comments_xml({})
            self._changed[kinds["vmlDrawing"]] = drawing_vml({}, 1)

    def _refuse_comments_of_others(self, kinds: Mapping[str, str]) -> None:
        is_ours = (
            "comments" in kinds
            and "vmlDrawing" in kinds
            and "threadedComment" not in kinds
            and are_all_ours(self._part(kinds["comments"]))
            and self._part(kinds["vmlDrawing"]).count(b"ClientData ObjectType=") ==
            self._part(kinds["vmlDrawing"]).count(b'ClientData ObjectType="Note"')
        )  # fmt: skip
        if not is_ours:
            raise CannotAnnotateError("工作表中已有批注或控件", "the sheet has comments or controls already")

    def _relations_of(self, path: str) -> Relations:
        name = relations_path(path)
        return Relations(path, self._part(name) if name in {*self._parcel.names, *self._changed} else None)

    def _declare(self, path: str, kind: str) -> None:
        xml = self._part(TYPES)
        head = b"<" + root_prefix(xml)
        new = head + f'Override PartName="/{path}" ContentType="{_KINDS[kind]}"/>'.encode()
        if kind == "comments" and not re.search(rb"Extension\s*=\s*[\"']vml[\"']", xml, re.IGNORECASE):
            new += (
                head
                + b'Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>'
            )
        self._changed[TYPES] = appended(xml, new)

    def _free_name(self, pattern: str) -> str:
        taken = {name.lower() for name in (*self._parcel.names, *self._changed)}
        number = 1
        while pattern.format(number).lower() in taken:
            number += 1
        return pattern.format(number)

    def _part(self, name: str) -> bytes:
        return self._changed[name] if name in self._changed else self._parcel.part(name)
