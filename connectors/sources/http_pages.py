"""A set of submissions that comes in pages: all of it, each once, or an error. A page that is repeated, dropped or moved is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from connectors.sources.declared import HttpApiDeclared
from connectors.sources.http_answers import HttpAnswers

MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How an API pages: what stands behind the declared URL, how the first page is asked for, and what in a page is what."""

    below: str
    first: Mapping[str, str]
    items: str
    count: str
    next: str
    id: str


SHAPES: Mapping[str, Shape] = {
    # ODK Central, OData: https://docs.getodk.org/central-api-odata-endpoints
    "odk": Shape(
        ".svc/Submissions", {"$count": "true", "$top": "{size}"}, "value", "@odata.count", "@odata.nextLink", "__id"
    ),
    # KoboToolbox v2: https://support.kobotoolbox.org/api.html
    "kobo": Shape("/data/", {"format": "json", "limit": "{size}", "start": "0"}, "results", "count", "next", "_id"),
    "plain": Shape("", {"limit": "{size}"}, "results", "count", "next", "id"),
}


def submissions(declared: HttpApiDeclared, answers: HttpAnswers) -> Iterator[dict[str, Any]]:
    """Every submission, page after page. Raises: SourceFailed; what was given before that is not the set."""
    shape = SHAPES[declared.shape]
    url: str | None = declared.url + shape.below
    params: Mapping[str, str] | None = {k: v.format(size=declared.page_size) for k, v in shape.first.items()}
    seen: set[str] = set()
    total: int | None = None
    for _ in range(MOST_PAGES):
        assert url is not None  # noqa: S101 - the loop ends where there is no next page
        page = _page(answers, shape, url, params)
        if total is None:
            total = page[shape.count]
        elif page.get(shape.count, total) != total:
            raise answers.broken("读取期间总数有变", "the number of submissions changed while they were read")
        for item in page[shape.items]:
            key = str(item.get(shape.id)) if isinstance(item, dict) else "None"
            if key == "None":
                raise answers.broken(f"有一条没有 {shape.id}", f"a submission has no {shape.id}")
            if key in seen:
                raise answers.broken("有一页重复", "a page came twice")
            seen.add(key)
            yield item
        url = urljoin(url, page[shape.next]) if page.get(shape.next) else None
        params = None
        if url is None:
            break
    if len(seen) != total:
        raise answers.broken(
            f"应有 {total} 条，只得到 {len(seen)} 条", f"{total} submissions are told and {len(seen)} came"
        )


def count_submissions(declared: HttpApiDeclared, answers: HttpAnswers) -> int:
    """How many there are, by the first page. Raises: SourceFailed."""
    shape = SHAPES[declared.shape]
    params = {k: v.format(size=1) for k, v in shape.first.items()}
    return int(_page(answers, shape, declared.url + shape.below, params)[shape.count])


def _page(answers: HttpAnswers, shape: Shape, url: str, params: Mapping[str, str] | None) -> dict[str, Any]:
    page = answers.json(url, params)
    if not isinstance(page, dict) or not isinstance(page.get(shape.items), list):
        raise answers.shut(f"答复中没有列表 {shape.items}", f"the answer has no list {shape.items}")
    if params is not None and not isinstance(page.get(shape.count), int):
        raise answers.shut(f"答复中没有总数 {shape.count}", f"the answer tells no {shape.count}")
    return page
