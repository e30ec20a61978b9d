"""`warehouse sources`: where workbooks come from, when each was last read, and whether it can be read now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.settings import Settings, load_settings
from flows.desk import reading
from flows.failures import NothingYet
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table

if TYPE_CHECKING:
    from connectors.sources.declared import SourceDeclared
    from connectors.sources.probing import Probe

OUTCOMES = {
    "good": ("读完", "read"),
    "looking": ("进行中或中途停止", "under way or stopped"),
    "broken": ("没有读完", "broke off"),
    "shut": ("不能使用", "cannot be used"),
    "overdue": ("超过时限", "took too long"),
    "failed": ("系统故障", "our failure"),
}


@command(
    "sources",
    "列出来源和最近一次读取的结果；--check 现在逐个试着连接，不收取、不留痕迹。\n\n"
    "收件文件夹（WAREHOUSE_INBOX）总是其中之一，其余写在 sources.yaml 中（WAREHOUSE_SOURCES）。",
    "List the sources and how they were last read; --check tries each now, without a trace.\n\n"
    "The inbox (WAREHOUSE_INBOX) is always one; the others are declared in sources.yaml (WAREHOUSE_SOURCES).",
)
@option("--check", "is_check", is_flag=True, zh="现在逐个试着连接", en="Try each now")
@json_option
@pass_speaker
def command_line(speaker: Speaker, is_check: bool, as_json: bool) -> int:
    """List or try the sources."""
    from connectors.sources.declaration_file import read_sources
    from connectors.sources.probing import probe_all

    settings = load_settings()
    declared = read_sources(settings)
    looks = _last_looks(settings, [source.id for source in declared])
    probes = probe_all(declared) if is_check else []
    is_good = all(probe.error is None for probe in probes)
    if as_json:
        tried = {probe.source_id: _tried(probe, speaker.lang) for probe in probes}
        say_json([_facts(source, looks.get(source.id)) | tried.get(source.id, {}) for source in declared])
        return 0 if is_good else 1
    headings = speaker.words(
        "来源 种类 最近一次 结果 新收 未变 上次读完", "id kind last result received unchanged good"
    )
    text = draw_table(headings.split(), [_line(s, looks.get(s.id), speaker) for s in declared], (4, 5))
    speaker.say(text, text)
    for probe in probes:
        _say(probe, speaker)
    return 0 if is_good else 1


def _last_looks(settings: Settings, source_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """The newest look at each; none where no night was run yet or the database does not answer."""
    from connectors.errors import DatabaseError
    from connectors.postgres import status
    from connectors.warehouse.looks import read_last_looks

    try:
        if not status(settings).is_running:
            return {}
        with reading(settings) as conn:
            return read_last_looks(conn, source_ids)
    except (DatabaseError, NothingYet):
        return {}


def _line(source: SourceDeclared, look: Mapping[str, Any] | None, speaker: Speaker) -> list[object]:
    if look is None:
        return [source.id, source.kind, speaker.words("尚未读取", "never"), None, None, None, None]
    outcome = speaker.words(*OUTCOMES[look["outcome"]])
    good = look["good_until"]
    return [
        source.id, source.kind, f"{look['began_at']:%Y-%m-%d %H:%M}", outcome, look["received"], look["unchanged"],
        f"{good:%Y-%m-%d %H:%M}" if good else speaker.words("从未", "never"),
    ]  # fmt: skip


def _facts(source: SourceDeclared, look: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"source_id": source.id, "kind": source.kind, "last_look": dict(look) if look else None}


def _tried(probe: Probe, lang: str) -> dict[str, Any]:
    error = _sentence(probe, lang) if probe.error else None
    return {"is_reachable": probe.error is None, "objects": probe.objects, "error": error}


def _say(probe: Probe, speaker: Speaker) -> None:
    if probe.error is None:
        speaker.say(
            f"✓ {probe.source_id}：可以读取，现有 {probe.objects} 个（{probe.seconds:.1f} 秒）",
            f"✓ {probe.source_id}: can be read, {probe.objects} there now ({probe.seconds:.1f} s)",
        )
        return
    speaker.say(f"✗ {_sentence(probe, 'zh')}", f"✗ {_sentence(probe, 'en')}")


def _sentence(probe: Probe, lang: str) -> str:
    """What stopped it; of what nobody foresaw only the kind, because its text may quote anything."""
    from connectors.errors import WarehouseError

    if isinstance(probe.error, WarehouseError):
        return probe.error.sentence(lang)
    kind = type(probe.error).__name__
    zh = f"来源 {probe.source_id}：本系统读取时出错（{kind}），请告知维护人员。"
    return (
        zh if lang == "zh" else f"Source {probe.source_id}: we failed while reading it ({kind}); tell the maintainers."
    )
