"""The register of owners: everything that is wrong is told at once, secrets are never repeated, and each alert has one owner."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.alerts.owners import Owners
from connectors.alerts.owners_file import OwnersInvalid, load_owners
from connectors.channels.channel import Bot, Mail

SHANGHAI = ZoneInfo("Asia/Shanghai")
PARENTS = {"A0101": "A01", "A01": "SN", "A0201": "A02", "A02": "SN"}

GOOD = """
mail_servers:
  office: {host: smtp.example.org, port: 587, security: starttls, sender: w@example.org, user: w, password: {env: MAIL_PASSWORD}}
channels:
  li-mail: {kind: mail, to: li@example.org, server: office}
  group: {kind: dingtalk, url: {file: secrets/url}, secret: {file: secrets/sign}}
people:
  li: {name: 李处, channels: [li-mail, group], quiet: "22:00-07:00"}
  wang: {name: 王工, channels: [group]}
  zhao: {name: 赵工, channels: [group]}
routes:
  - {kinds: [night_failed], owner: zhao}
  - {units: [A02], forms: [relief], severities: [error], owner: wang}
contacts: {A0101: wang}
default: li
"""

BAD = """
mail_servers:
  office: {host: smtp.example.org, port: "587", security: plain, sender: nobody, user: w}
channels:
  group: {kind: wecom, url: "https://qyapi.example.org/send?key=geheim", secret: geheim}
  fax: {kind: fax}
people:
  li: {name: 李处, channels: [grupe], quiet: nachts}
routes:
  - {form: [relief], severities: [grave], owner: lee}
"""


def owners_of(text: str, folder: Path) -> Owners:
    (folder / "owners.yaml").write_text(text)
    owners = load_owners(folder / "owners.yaml")
    assert owners is not None
    return owners


def test_the_register_is_read_with_its_secrets_by_reference(tmp_path: Path) -> None:
    owners = owners_of(GOOD, tmp_path)
    mail, group = owners.channels["li-mail"], owners.channels["group"]
    assert isinstance(mail, Mail)
    assert isinstance(group, Bot)
    assert mail.server.password is not None
    assert mail.server.password.variable == "MAIL_PASSWORD"
    assert group.url.file == tmp_path / "secrets/url"


def test_everything_that_is_wrong_is_told_at_once_and_no_secret_with_it(tmp_path: Path) -> None:
    with pytest.raises(OwnersInvalid) as raised:
        owners_of(BAD, tmp_path)
    said = raised.value.sentence()
    for place in (
        "mail_servers.office.security", "mail_servers.office.port", "mail_servers.office.sender", "mail_servers.office：user",
        "channels.group.url", "channels.group.secret", "channels.fax.kind", "people.li.channels[0]", "people.li.quiet",
        "routes[0]：没有“form”", "routes[0].severities[0]", "routes[0].owner", "default：缺少",
    ):  # fmt: skip
        assert place in said
    assert "geheim" not in said


@pytest.mark.parametrize("text", ["", "[", "- 1", "people: 7\ndefault: li"])
def test_what_is_no_register_at_all_is_told_too(text: str, tmp_path: Path) -> None:
    with pytest.raises(OwnersInvalid):
        owners_of(text, tmp_path)


def test_where_there_is_no_file_there_are_no_owners(tmp_path: Path) -> None:
    assert load_owners(tmp_path / "owners.yaml") is None


@pytest.mark.parametrize(
    ("kind", "severity", "form_id", "unit_id", "owner"),
    [
        ("night_failed", "critical", None, None, "zhao"),
        ("refused", "error", "relief", "A0201", "wang"),
        ("refused", "error", "training", "A0201", "li"),
        ("cross_finding", "warning", "relief", "A0201", "li"),
        ("refused", "error", "relief", "A0101", "li"),
        ("refused", "error", "relief", "A02", "wang"),
    ],
)
def test_the_first_route_that_fits_decides_and_the_rest_is_the_default_owners(
    kind: str, severity: str, form_id: str | None, unit_id: str | None, owner: str, tmp_path: Path
) -> None:
    found = owners_of(GOOD, tmp_path).owner_of(kind, severity, form_id, unit_id, PARENTS)
    assert found.person_id == owner


@pytest.mark.parametrize(
    ("now", "then"),
    [((20, 2, 5), (20, 7, 0)), ((20, 22, 0), (21, 7, 0)), ((20, 7, 0), (20, 7, 0)), ((20, 12, 30), (20, 12, 30))],
)
def test_quiet_hours_go_over_midnight(now: tuple[int, int, int], then: tuple[int, int, int], tmp_path: Path) -> None:
    li = owners_of(GOOD, tmp_path).people["li"]
    assert li.not_before(datetime(2021, 4, *now, tzinfo=SHANGHAI)) == datetime(2021, 4, *then, tzinfo=SHANGHAI)
