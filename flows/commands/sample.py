"""`warehouse sample`: the sample workbooks of 2021 and, where they are asked for, of the years that continue it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from flows.progress import progress
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json

FIRST_YEAR, LAST_YEAR = 2021, 2025


@command(
    "sample",
    "写出 2021 年示例报表。单位和人员均为虚构，全省合计与公布数字一致。",
    "Write the sample workbooks of 2021. Units and people are made up; the province's totals are the published ones.",
)
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    zh="写到哪个文件夹",
    en="The folder to write to",
)
@option(
    "--through",
    type=click.IntRange(FIRST_YEAR, LAST_YEAR),
    default=FIRST_YEAR,
    show_default=True,
    zh="写到哪一年；2021 年以后为续年数据，均为合成",
    en="The last year to write; what follows 2021 is synthetic throughout",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, output: Path, through: int, as_json: bool) -> int:
    """Write the sample."""
    from connectors.sample import write_sample

    with progress(speaker.words("写出示例", "writing the sample"), "sample") as tell:
        count = write_sample(output, tell, through)
    if as_json:
        say_json({"folder": str(output), "through": through, **asdict(count)})
        return 0
    speaker.say(f"已写出 {count.files} 个示例报表：{output}", f"Wrote {count.files} sample workbooks: {output}")
    night = f"{through + 1}-01-31"
    speaker.say(
        f"接下来：WAREHOUSE_INBOX={output} warehouse run --date {night}",
        f"Next: WAREHOUSE_INBOX={output} warehouse run --date {night}",
    )
    return 0
