"""`warehouse access`: the accounts that BI tools, staff and auditors log in to the database with, to read."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.settings import load_settings
from flows.desk import author_option, check_orgs, reading, reason_option, sound_reason
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import WrongUsage

ROLES = {
    "bi_reader": "已发布的全部数据",
    "steward": "已发布的数据中所管单位的部分",
    "auditor": "除个人信息外的全部数据",
    "backup": "全部数据，个人信息为密文",
}
"""What each role reads; the role of the database is called `warehouse_<role>`."""


@click.group(
    "access",
    cls=SpokenGroup,
    zh="读取数据库的账号：授予、列出、收回。供 BI 工具、管理员、审计人员使用；都只能读。",
    en="Accounts that read the database: give, list, take back. For BI tools, stewards, auditors; none may write.",
)
def command_line() -> None:
    """Accounts."""


@command(
    "give",
    "让账号 LOGIN 能读，可以是：\n\n"
    + "\n\n".join(f"{role}  {zh}" for role, zh in ROLES.items())
    + "\n\n没有这个账号就新建，密码只显示这一次。steward 用 --org 写明所管的组织，下级一并可见。",
    "Let LOGIN read as a role. An account that is not there is made, and its password shown once. A steward sees what is about the --org"
    " and whatever is below it.",
)
@click.argument("login", metavar="LOGIN")
@click.argument("role", metavar="ROLE", type=click.Choice(list(ROLES)))
@option(
    "--org",
    "orgs",
    multiple=True,
    zh="所管的单位、行业组或全省的代码（可重复）",
    en="Whom a steward cares for (repeatable)",
)
@author_option
@json_option
@pass_speaker
def give(speaker: Speaker, login: str, role: str, orgs: tuple[str, ...], author: str, as_json: bool) -> int:
    """Give access."""
    from connectors.warehouse.access import give_access
    from connectors.warehouse.engine import named_rights

    settings = load_settings()
    if (role == "steward") is not bool(orgs):
        raise WrongUsage(
            "steward 要用 --org 写明所管的组织；其他角色不用。", "A steward needs --org; the other roles take none."
        )
    with reading(settings) as conn:
        check_orgs(conn, orgs)
        with named_rights(settings):
            password = give_access(conn, login, f"warehouse_{role}", orgs, sound_reason(author))
    if as_json:
        say_json({"login": login, "role": role, "orgs": orgs, "password": password})
        return 0
    speaker.say(f"账号 {login} 现在能读{ROLES[role]}。", f"{login} may read now, as {role}.")
    if password:
        speaker.say(f"密码（只显示这一次）：{password}", f"Its password (shown this once): {password}")
    return 0


@command("list", "列出能读的账号。", "List the accounts that may read.")
@json_option
@pass_speaker
def list_accounts(speaker: Speaker, as_json: bool) -> int:
    """List accounts."""
    from connectors.warehouse.access import read_accounts

    with reading(load_settings()) as conn:
        accounts = read_accounts(conn)
    if as_json:
        say_json([asdict(account) for account in accounts])
        return 0
    lines = [
        (a.login, "、".join(role.removeprefix("warehouse_") for role in a.roles), "、".join(a.orgs)) for a in accounts
    ]
    text = draw_table(speaker.words("账号 角色 所管组织", "login roles care").split(), lines)
    speaker.say(text, text)
    speaker.note(f"共 {len(accounts)} 个", f"{len(accounts)} accounts")
    return 0


@command(
    "take",
    "收回账号 LOGIN 的全部读取权限，立即生效；账号本身留在数据库中，什么也读不到。",
    "Take every right to read from LOGIN, at once; the account stays, and reads nothing.",
)
@click.argument("login", metavar="LOGIN")
@reason_option
@author_option
@json_option
@pass_speaker
def take(speaker: Speaker, login: str, reason: str, author: str, as_json: bool) -> int:
    """Take access back."""
    from connectors.warehouse.access import take_access
    from connectors.warehouse.engine import named_rights

    settings = load_settings()
    with reading(settings) as conn, named_rights(settings):
        if not take_access(conn, login, sound_reason(reason), sound_reason(author)):
            raise WrongUsage(f"账号 {login} 没有读取权限。", f"{login} has no right to read.")
    if as_json:
        say_json({"login": login, "taken": True})
        return 0
    speaker.say(f"账号 {login} 的读取权限已收回。", f"{login} may not read any more.")
    return 0


for _each in (give, list_accounts, take):
    command_line.add_command(_each)
