"""A content as plain text that fits a channel, and as HTML for mail."""

from __future__ import annotations

from html import escape

from connectors.channels.message import Message, Section

REPEATED = "（重发：上一次发送没有得到回应；若已收到编号相同的消息，请忽略。）"
"""What a person needs to know a repetition by where the channel itself cannot."""


def plain_text(message: Message, most_bytes: int | None = None) -> str:
    """The message as text of at most so many bytes of UTF-8, cut at a line, saying how many lines are missing.

    A title that alone is too long is cut inside a character boundary.
    """
    content = message.content
    head = [content.title, *([REPEATED] if message.may_repeat else [])]
    foot = [*([content.foot] if content.foot else []), f"编号 {message.number}"]
    lines = [(line, counts) for section in content.sections for line, counts in _lines(section)]
    already = sum(section.more for section in content.sections)
    whole = _joined(head, [line for line, _ in lines], already, foot)
    if most_bytes is None or len(whole.encode()) <= most_bytes:
        return whole
    for kept in range(len(lines) - 1, -1, -1):
        left_out = already + sum(counts for _, counts in lines[kept:])
        shown = [line for line, _ in lines[:kept]]
        while shown and not lines[len(shown) - 1][1]:
            # A heading without its lines says nothing.
            shown.pop()
        text = _joined(head, shown, left_out, foot)
        if len(text.encode()) <= most_bytes:
            return text
    return whole.encode()[:most_bytes].decode(errors="ignore")


def html_page(message: Message) -> str:
    """The message as a small HTML page without anything from outside, for mail."""
    content = message.content
    parts = [f"<h2 style='font-size:18px;margin:0 0 12px'>{escape(content.title)}</h2>"]
    if message.may_repeat:
        parts.append(f"<p>{escape(REPEATED)}</p>")
    for section in content.sections:
        items = "".join(f"<li style='margin:4px 0'>{escape(line)}</li>" for line in section.lines)
        more = f"<p>还有 {section.more} 条</p>" if section.more else ""
        parts.append(
            f"<h3 style='font-size:15px;margin:16px 0 4px'>{escape(section.heading)}</h3><ul>{items}</ul>{more}"
        )
    foot = f"{content.foot}　编号 {message.number}" if content.foot else f"编号 {message.number}"
    parts.append(f"<p style='color:#555;font-size:13px'>{escape(foot)}</p>")
    body = "<body style='font-family:sans-serif;font-size:14px;line-height:1.5;max-width:760px;margin:16px'>"
    head = "<head><meta charset='utf-8'><meta name='viewport' content='width=device-width'></head>"
    return f"<!doctype html><html lang='zh-CN'>{head}{body}{''.join(parts)}</body></html>"


def _lines(section: Section) -> list[tuple[str, bool]]:
    """The lines of a section, each with whether it counts as one of those that could be missing."""
    return [(f"\n【{section.heading}】", False), *((f"· {line}", True) for line in section.lines)]


def _joined(head: list[str], lines: list[str], left_out: int, foot: list[str]) -> str:
    return "\n".join([*head, *lines, *([f"还有 {left_out} 条"] if left_out else []), "", *foot])
