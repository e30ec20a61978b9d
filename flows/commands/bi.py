"""`warehouse bi`: the dashboards, which are code, in Superset, which runs on this machine."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.settings import load_settings
from flows.desk import author_option, check_orgs, reading, reason_option, sound_reason
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table

STEPS = {
    "install": (
        "检查或安装 Superset（首次约三分钟，660 MB）",
        "Superset's packages (the first time three minutes, 660 MB)",
    ),
    "initialise": ("建立 Superset 自己的数据库", "Superset's own database"),
    "start": ("启动 Superset", "starting Superset"),
    "apply": ("部署看板", "deploying the dashboards"),
}
KINDS = {"missing": "尚未部署", "changed": "与声明不同", "undeclared": "没有声明"}


@click.group(
    "bi",
    cls=SpokenGroup,
    zh="看板（Superset）：启动、部署、比较、停止。看板写在 bi/ 文件夹中，只在本机提供。",
    en="Dashboards (Superset): start, deploy, compare, stop. They are written under bi/ and served on this machine only.",
)
def command_line() -> None:
    """Dashboards."""


@command(
    "up",
    "安装、启动 Superset 并部署全部看板；已经做过的不重做，可以反复运行。",
    "Install and start Superset and deploy every dashboard; what is so already is left alone.",
)
@json_option
@pass_speaker
def up(speaker: Speaker, as_json: bool) -> int:
    """Bring it up."""
    from connectors.superset.deploying import deploy
    from connectors.superset.service import ADMINISTRATOR, bring_up

    settings = load_settings()
    superset = bring_up(settings, lambda step: speaker.note(*STEPS[step]))
    speaker.note(*STEPS["apply"])
    deployed, place = deploy(settings), superset.folder / "admin_password"
    if as_json:
        say_json({"address": superset.address, "user": ADMINISTRATOR, "password_file": str(place), **asdict(deployed)})
        return 0
    speaker.say(
        f"看板：{superset.address}（{deployed.dashboards} 个看板，{deployed.charts} 张图）\n账号 {ADMINISTRATOR}，密码在 {place}",
        f"Dashboards: {superset.address} ({deployed.dashboards} dashboards, {deployed.charts} charts)\nUser {ADMINISTRATOR}, password in {place}",
    )
    return 0


@command(
    "apply",
    "把 bi/ 中声明的看板部署到正在运行的 Superset。",
    "Deploy what is declared under bi/ to the Superset that runs.",
)
@json_option
@pass_speaker
def apply(speaker: Speaker, as_json: bool) -> int:
    """Deploy."""
    from connectors.superset.deploying import deploy

    deployed = deploy(load_settings())
    if as_json:
        say_json(asdict(deployed))
        return 0
    speaker.say(
        f"已部署 {deployed.dashboards} 个看板、{deployed.charts} 张图。",
        f"Deployed {deployed.dashboards} dashboards and {deployed.charts} charts.",
    )
    return 0


@command(
    "diff",
    "比较 Superset 中的看板与 bi/ 中的声明；有差异时退出码为 1。",
    "Compare what Superset holds with what is declared; exit code 1 where they differ.",
)
@json_option
@pass_speaker
def diff(speaker: Speaker, as_json: bool) -> int:
    """Compare."""
    from connectors.superset.deploying import differences

    found = differences(load_settings())
    if as_json:
        say_json([asdict(each) for each in found])
    elif not found:
        speaker.say("Superset 中的看板与声明一致。", "Superset holds what is declared.")
    else:
        headings = speaker.words("看板或图 差异 何处", "what difference where").split()
        lines = [(d.title, speaker.words(KINDS[d.kind], d.kind), "、".join(d.places[:5])) for d in found]
        text = draw_table(headings, lines)
        speaker.say(text, text)
    return 1 if found else 0


@command("down", "停止 Superset；看板和账号都留着。", "Stop Superset; dashboards and users stay.")
@json_option
@pass_speaker
def down(speaker: Speaker, as_json: bool) -> int:
    """Stop it."""
    from connectors.superset.service import stop, superset_of

    was_running = stop(superset_of(load_settings()))
    if as_json:
        say_json({"was_running": was_running})
        return 0
    speaker.say(*(("已停止。", "Stopped.") if was_running else ("没有在运行。", "It was not running.")))
    return 0


@command(
    "admit",
    "让 LOGIN 能登录看板，只能看：不能写 SQL、改看板、上传数据。\n\n"
    "用 --org 写明可看的组织（下级一并可见），由数据库按行限制；不写就是全省。密码只显示这一次；再次运行换新密码，组织以这次所写为准。",
    "Let LOGIN look at the dashboards, of the --org named and whatever is below them, or of the whole province. They write no SQL, change no"
    " dashboard and upload nothing. The password is shown once; run again, it is new, and only the organisations named now count.",
)
@click.argument("login", metavar="LOGIN")
@option(
    "--org",
    "orgs",
    multiple=True,
    zh="可看的单位、行业组或全省的代码（可重复）；默认全省",
    en="Whom they may look at (repeatable); the whole province by default",
)
@author_option
@json_option
@pass_speaker
def admit(speaker: Speaker, login: str, orgs: tuple[str, ...], author: str, as_json: bool) -> int:
    """Admit a reader."""
    from connectors.superset.readers import admit as let_in

    settings = load_settings()
    with reading(settings) as conn:
        check_orgs(conn, orgs)
    password = let_in(settings, login, orgs, sound_reason(author))
    if as_json:
        say_json({"login": login, "orgs": orgs, "password": password})
        return 0
    which = "、".join(orgs)
    speaker.say(
        f"{login} 现在能登录看板，看{which + '及其下级' if orgs else '全省'}。\n密码（只显示这一次）：{password}",
        f"{login} may look at the dashboards now, of {', '.join(orgs) or 'the whole province'}.\nTheir password (shown this once): {password}",
    )
    return 0


@command("dismiss", "让 LOGIN 不能再登录看板。", "Let LOGIN look at the dashboards no more.")
@click.argument("login", metavar="LOGIN")
@reason_option
@author_option
@json_option
@pass_speaker
def dismiss(speaker: Speaker, login: str, reason: str, author: str, as_json: bool) -> int:
    """Dismiss a reader."""
    from connectors.superset.readers import dismiss as shut_out

    was_admitted = shut_out(load_settings(), login, sound_reason(reason), sound_reason(author))
    if as_json:
        say_json({"login": login, "was_admitted": was_admitted})
    elif was_admitted:
        speaker.say(f"{login} 不能再登录看板。", f"{login} may look at the dashboards no more.")
    else:
        speaker.say(f"没有叫 {login} 的看板读者。", f"Nobody called {login} may look at the dashboards.")
    return 0 if was_admitted else 1


for _each in (up, apply, diff, down, admit, dismiss):
    command_line.add_command(_each)
