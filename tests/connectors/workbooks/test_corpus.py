"""Some three hundred workbooks of other projects, hostile ones among them: each is read whole, or refused with one reason."""

from __future__ import annotations

import pytest

from tests.connectors.workbooks import corpus
from tests.connectors.workbooks.corpus import Answer

pytestmark = [
    pytest.mark.skipif(
        not corpus.FOLDER.exists(), reason="the corpus of public test workbooks is not beside this clone"
    ),
    pytest.mark.xdist_group("corpus"),
]


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return corpus.answers()


def test_every_cell_that_the_raw_bytes_hold_is_read(answers: list[Answer]) -> None:
    differing = {
        a.path.name: (a.cells, a.raw) for a in answers if a.outcome == "read" and dict(a.sheets) != dict(a.raw or {})
    }
    assert differing == {}


def test_most_of_the_corpus_is_read(answers: list[Answer]) -> None:
    read = [a for a in answers if a.outcome == "read"]
    assert len(answers) >= 302
    assert len(read) >= 240
    assert sum(a.cells for a in read) > 300_000


def test_every_file_has_one_clear_answer(answers: list[Answer]) -> None:
    assert {a.path.name: a.findings for a in answers if a.findings != 1} == {}
    assert {a.path.name for a in answers if a.outcome != "read" and not a.reason} == set()


def test_the_page_about_the_corpus_is_fresh(answers: list[Answer]) -> None:
    assert corpus.PAGE.read_text(encoding="utf-8") == corpus.page(answers), (
        "write it anew: python -m tests.connectors.workbooks.corpus"
    )
