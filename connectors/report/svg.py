"""An SVG that may stand in a page beside others: it has a title and a description, fits its frame, and shares no id."""

from __future__ import annotations

import re
from html import escape

_ROOT = re.compile(r"<svg\b[^>]*?viewBox=\"(?P<box>[^\"]+)\"[^>]*>")
_TAG = re.compile(r"<[a-z][^>]*>")
_NOISE = re.compile(r" (?:aria-[a-z]+|role|class|pointer-events|xmlns:xlink)=\"[^\"]*\"")
_EMPTY = re.compile(r"<path d=\"[^\"]*\" display=\"none\"/>|<path d=\"M0,0h0v0h0Z\"/>")
_LONG_DECIMAL = re.compile(r"(\d\.\d{2})\d+")


def inline(svg: str, name: str, title: str, description: str) -> str:
    """The SVG of vl-convert for use inside HTML.

    Its own English labels of parts go, because the whole is one picture (`role="img"`) named by `title` and told by
    `description`. Ids get `name` in front, which must be unique in the page. Coordinates keep two decimals.
    """
    root = _ROOT.search(svg)
    if root is None:
        raise ValueError("not an SVG with a viewBox")
    body = _EMPTY.sub("", _TAG.sub(lambda tag: _clean(tag[0], name), svg[root.end() :]))
    width = root["box"].split()[2]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{root["box"]}" style="max-width:{width}px"'
        f' aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    )
    return head + body


def _clean(tag: str, name: str) -> str:
    tag = _LONG_DECIMAL.sub(r"\1", _NOISE.sub("", tag))
    tag = re.sub(r"\bid=\"([^\"]+)\"", rf'id="{name}-\1"', tag)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", tag)
