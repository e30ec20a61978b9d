"""`warehouse alerts remind` and `warehouse alerts send`: the same that the deployments do by their timetable, by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from connectors.settings import Settings, load_settings
from flows.desk import reading
from flows.speech import Speaker, command, json_option, pass_speaker, say_json
from flows.staff_words import words_of_reminding, words_of_sending
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from connectors.alerts.owners import Owners
    from connectors.alerts.sending import Sent


@command(
    "remind",
    "现在催报并发送：到期之前提醒，逾期之后催报，每人每天最多一条，何时催、由谁催都一样。"
    "退出码：0 已催或没有要催的，1 夜间流程没有完成而没有催，或有没送达的。",
    "Ask for what is due or owed, and send it: one message a person and day at most, whoever asks. Exit code 1 where the night has not "
    "come to its end, so that nobody is asked, or something did not arrive.",
)
@json_option
@pass_speaker
def remind(speaker: Speaker, as_json: bool) -> int:
    """Ask who owes, and send what is due."""
    from connectors.alerts.claims import counts
    from connectors.alerts.sending import Sent, send_due
    from flows.night import today
    from flows.staff import remind as remind_people

    settings = load_settings()
    owners = known_owners(settings)
    with reading(settings) as conn:
        reminded = remind_people(conn, settings, today())
        sent = send_due(conn, owners) if reminded.people else Sent()
        standing = counts(conn)
    if as_json:
        say_json({"reminded": asdict(reminded), **asdict(sent), "standing": standing})
    else:
        speaker.say(*words_of_reminding(reminded))
        if reminded.people:
            speaker.say(*words_of_sending(sent, standing))
    return 1 if reminded.why_nobody else _code(sent)


@command(
    "send",
    "发送到期未发的消息，最多一分钟；夜间流程之后和白天每小时会自动发送。退出码：0 都已送达或没有要发的，1 有没送达的。",
    "Send what is due, for a minute at most; each night does so at its end, and the timetable each hour. Exit code 1 where something did "
    "not arrive.",
)
@json_option
@pass_speaker
def send(speaker: Speaker, as_json: bool) -> int:
    """Send what is due."""
    from connectors.alerts.claims import counts
    from connectors.alerts.sending import send_due

    settings = load_settings()
    owners = known_owners(settings)
    with reading(settings) as conn:
        sent = send_due(conn, owners)
        standing = counts(conn)
    if as_json:
        say_json({**asdict(sent), "standing": standing})
    else:
        speaker.say(*words_of_sending(sent, standing))
    return _code(sent)


def _code(sent: Sent) -> int:
    return 1 if sent.again or sent.failed or sent.unknown else 0


def known_owners(settings: Settings) -> Owners:
    """The register of owners. Raises: WrongUsage where there is none, OwnersInvalid."""
    from connectors.alerts.owners_file import load_owners

    owners = load_owners(settings.owners_file)
    if owners is None:
        raise WrongUsage(
            f"没有责任人名册 {settings.owners_file}（WAREHOUSE_OWNERS），不知道发给谁；写法见 docs/user/zh/预警与催报.md。",
            f"There is no register of owners at {settings.owners_file} (WAREHOUSE_OWNERS): nobody to send to.",
        )
    return owners
