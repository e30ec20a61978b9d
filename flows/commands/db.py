"""`warehouse db`: the database server."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.settings import load_settings, without_password
from flows.commands.backup import back_up, restore
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json


@click.group(
    "db",
    cls=SpokenGroup,
    zh="数据库：启动、停止、状态、网址、psql、备份、恢复。",
    en="The database: start, stop, status, url, psql, backup, restore.",
)
def command_line() -> None:
    """The database."""


@command("start", "启动内置数据库并更新结构。", "Start the embedded database and bring its schema up to date.")
@json_option
@pass_speaker
def start_server(speaker: Speaker, as_json: bool) -> int:
    """Start it; with WAREHOUSE_URL, only bring that database's schema up to date."""
    from connectors.postgres import status
    from connectors.warehouse.engine import migrate

    settings = load_settings()
    migrate(settings)
    facts = status(settings)
    if as_json:
        say_json(asdict(facts))
    else:
        speaker.say(f"数据库运行中：{facts.target}", f"The database runs: {facts.target}")
    return 0


@command("stop", "停止内置数据库。", "Stop the embedded database.")
@json_option
@pass_speaker
def stop_server(speaker: Speaker, as_json: bool) -> int:
    """Stop it."""
    from connectors.postgres import stop

    has_stopped = stop(load_settings())
    if as_json:
        say_json({"stopped": has_stopped})
    elif has_stopped:
        speaker.say("内置数据库已停止。", "The embedded database has stopped.")
    else:
        speaker.say("没有运行中的内置数据库。", "No embedded database was running.")
    return 0


@command("status", "数据库的状态；不启动它。", "How the database is; starts nothing.")
@json_option
@pass_speaker
def show_status(speaker: Speaker, as_json: bool) -> int:
    """Tell how it is."""
    from connectors.postgres import status

    facts = status(load_settings())
    if as_json:
        say_json(asdict(facts))
        return 0
    is_running = speaker.words("运行中", "running") if facts.is_running else speaker.words("未运行", "not running")
    kind = speaker.words("内置", "embedded") if facts.is_embedded else speaker.words("外部", "external")
    speaker.say(f"{kind}数据库 {facts.target}：{is_running}", f"{kind} database {facts.target}: {is_running}")
    if facts.log:
        speaker.say(f"日志：{facts.log}", f"Log: {facts.log}")
    return 0


@command(
    "url", "数据库的网址（含密码，用于其他程序连接）。", "The database's URL, with its password, for other programs."
)
@option("--masked", is_flag=True, zh="隐去密码", en="Without the password")
@json_option
@pass_speaker
def show_url(speaker: Speaker, masked: bool, as_json: bool) -> int:
    """Print the URL."""
    from connectors.postgres import psycopg_url

    url = psycopg_url(load_settings())
    shown = without_password(url) if masked else url
    if as_json:
        say_json({"url": shown})
    else:
        speaker.say(shown, shown)
    return 0


@command(
    "psql",
    "打开 psql；其后的参数交给 psql。",
    "Open psql; further arguments are psql's.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", metavar="[PSQL ARGUMENTS]...", nargs=-1, type=click.UNPROCESSED)
def open_psql(arguments: tuple[str, ...]) -> None:
    """Become psql."""
    from connectors.postgres import psql

    psql(load_settings(), *arguments)


for each in (start_server, stop_server, show_status, show_url, open_psql, back_up, restore):
    command_line.add_command(each)
