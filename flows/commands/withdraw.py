"""`warehouse withdraw`: take back a submission in force."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.settings import load_settings
from flows.desk import author_option, known_form, known_period, reading, reason_option, sound_reason
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage


@command(
    "withdraw",
    "撤回一份生效的报送（FORM 是报表代号）：下一次运行起不再计入，原件和记录都保留。\n\n"
    "撤回后该单位该期没有生效的报送，旧版本不会自动恢复；重新报送即重新生效（同一个文件原样再放一次不算）。",
    "Withdraw the submission in force (FORM is the form's id): from the next run on it counts no more; everything is kept.\n\n"
    "No former version comes back; what is sent anew is in force again (the same file put there once more is not).",
)
@click.argument("form_id", metavar="FORM")
@option("--unit", "unit_id", required=True, zh="单位代码", en="The unit's code")
@option("--period", required=True, zh="期间，如 2021-03", en="The period, such as 2021-03")
@reason_option
@author_option
@json_option
@pass_speaker
def command_line(
    speaker: Speaker, form_id: str, unit_id: str, period: str, reason: str, author: str, as_json: bool
) -> int:
    """Withdraw a submission."""
    from connectors.warehouse.withdrawal import withdraw

    form, asked = known_form(form_id), known_period(period)
    assert form is not None and asked is not None  # noqa: S101, PT018 - both are required
    signed = {"reason": sound_reason(reason), "author": sound_reason(author)}
    with reading(load_settings()) as conn:
        withdrawn = withdraw(conn, form.form_id, unit_id, asked.id, **signed)
    if withdrawn is None:
        raise WrongUsage(
            f"《{form.title_zh}》{unit_id} {asked.id} 没有生效的报送（见 warehouse submissions）。",
            f"No submission of {form.title_en}, {unit_id}, {asked.id} is in force (see warehouse submissions).",
        )
    if as_json:
        say_json({"form": form.form_id, "unit": unit_id, "period": asked.id, **asdict(withdrawn)})
        return 0
    speaker.say(
        f"已撤回《{form.title_zh}》{unit_id} {asked.id} 第 {withdrawn.version} 版（{withdrawn.rows_loaded} 行），"
        "下一次运行（warehouse run）起不再计入。",
        f"Withdrew version {withdrawn.version} of {form.title_en}, {unit_id}, {asked.id} ({withdrawn.rows_loaded} rows); "
        "from the next run (warehouse run) on it counts no more.",
    )
    return 0
