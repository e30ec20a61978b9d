"""`warehouse doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

from connectors.settings import load_settings
from flows.speech import Speaker, command, json_option, pass_speaker, say_json
from flows.tables import draw_table

MARKS = {"good": ("✓", "正常", "good"), "advice": ("!", "建议", "advice"), "broken": ("✗", "需要修复", "broken")}


@command(
    "doctor",
    "检查这套系统：磁盘、时钟、字体、数据库、密钥、租约、端口、备份等，并说明如何修复；不改动任何东西。\n\n"
    "退出码：0 正常或仅有建议，1 有需要修复的。",
    "Examine this installation: disks, clock, fonts, database, keys, leases, ports, backups; and say how to mend it. Changes nothing.\n\n"
    "Exit codes: 0 good or advice only, 1 something to mend.",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, as_json: bool) -> int:
    """Ask every check and tell what they found."""
    # Importing the modules makes their checks join.
    import flows.doctor.machine
    import flows.doctor.warehouse  # noqa: F401 - joined by being imported
    from flows.doctor import Grade, examine, grade_of

    verdicts = list(examine(load_settings()))
    worst = grade_of(verdicts)
    if as_json:
        say_json({"grade": worst, "verdicts": [verdict.to_dict() for verdict in verdicts]})
        return int(worst is Grade.BROKEN)
    rows = [
        [
            f"{MARKS[v.grade][0]} {speaker.words(*MARKS[v.grade][1:])}",
            speaker.words(v.name_zh, v.name_en),
            speaker.words(v.what_zh, v.what_en),
        ]
        for v in verdicts
    ]
    table = draw_table(speaker.words("判断 项目 情况", "verdict what how").split(), rows)
    speaker.say(table, table)
    to_mend = [v for v in verdicts if v.grade is not Grade.GOOD]
    for v in sorted(to_mend, key=lambda v: v.grade is Grade.ADVICE):
        speaker.say(
            f"\n{MARKS[v.grade][0]} {v.name_zh}：{v.what_zh}", f"\n{MARKS[v.grade][0]} {v.name_en}: {v.what_en}"
        )
        if v.mend_zh:
            speaker.say(f"  修复：{v.mend_zh}", f"  mend: {v.mend_en}")
    if not to_mend:
        speaker.say("\n一切正常。", "\nAll is well.")
    return int(worst is Grade.BROKEN)
