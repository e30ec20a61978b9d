"""How the command line speaks: Chinese first, English on `--lang en`, in help texts as in answers.

click's own help is drawn through the classes here, so that no word of it stays in another language than asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import click

LANGUAGES = ("zh", "en")

HEADINGS_ZH = {"Options": "选项", "Commands": "命令", "Positional arguments": "参数"}
"""click's headings of a help page, in Chinese."""


@dataclass
class Speaker:
    """What one call of the command speaks with: its language, and whether it shows tracebacks."""

    lang: str = "zh"
    debug: bool = False

    def words(self, zh: str, en: str) -> str:
        """The text of the two that this call is to show."""
        return en if self.lang == "en" else zh

    def say(self, zh: str, en: str) -> None:
        """Tell something on stdout."""
        click.echo(self.words(zh, en))

    def note(self, zh: str, en: str) -> None:
        """Tell something on stderr, beside the answer."""
        click.echo(self.words(zh, en), err=True)


pass_speaker = click.make_pass_decorator(Speaker)


def speaker_of(ctx: click.Context) -> Speaker:
    """The speaker of the running call; a plain one while click only looks at a command."""
    found = ctx.find_object(Speaker)
    return found if found is not None else Speaker()


def say_json(value: object) -> None:
    """Print one JSON document on stdout; dates as ISO text, decimals exactly as text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_json_text))


def _json_text(value: object) -> object:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


class SpokenFormatter(click.HelpFormatter):
    """Draws a help page with headings in the call's language."""

    def __init__(self, lang: str, width: int | None, max_width: int | None) -> None:
        super().__init__(width=width, max_width=max_width)
        self.lang = lang

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line."""
        super().write_usage(prog, args, "用法：" if self.lang == "zh" else prefix)

    def write_heading(self, heading: str) -> None:
        """The heading of a section."""
        super().write_heading(HEADINGS_ZH.get(heading, heading) if self.lang == "zh" else heading)


class SpokenContext(click.Context):
    """A context whose help pages are drawn by `SpokenFormatter`."""

    def make_formatter(self) -> click.HelpFormatter:
        """The drawer of this context's help page."""
        return SpokenFormatter(speaker_of(self).lang, self.terminal_width, self.max_content_width)


class SpokenOption(click.Option):
    """An option with its help in both languages."""

    def __init__(self, declarations: Sequence[str] | None = None, *, zh: str, en: str, **rest: Any) -> None:
        super().__init__(declarations, help=en, **rest)
        self.zh, self.en = zh, en

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option's names and its help, in the call's language."""
        lang = speaker_of(ctx).lang
        self.help = self.zh if lang == "zh" else self.en
        record = super().get_help_record(ctx)
        if record is None or lang != "zh":
            return record
        return record[0], record[1].replace("[required]", "（必填）").replace("[default: ", "[默认：")


def _set_lang(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        speaker_of(ctx).lang = value


def _set_debug(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        speaker_of(ctx).debug = True


def _common_options() -> list[click.Parameter]:
    return [
        SpokenOption(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            is_eager=True,
            expose_value=False,
            callback=_set_lang,
            zh="回答所用的语言",
            en="The language of the answer",
        ),
        SpokenOption(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_set_debug,
            zh="出错时显示程序的调用过程",
            en="Show the traceback of an error",
        ),
    ]


class SpokenCommand(click.Command):
    """A command with its help in both languages, and the options that every command has."""

    context_class = SpokenContext

    def __init__(self, *args: Any, zh: str = "", en: str = "", **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.zh, self.en = zh, en
        self.params.extend(_common_options())

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The `--help` option, in the call's language."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = speaker_of(ctx).words("显示本帮助", "Show this help")
        return option

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the command is for."""
        self.help = speaker_of(ctx).words(self.zh, self.en)
        super().format_help_text(ctx, formatter)


class SpokenGroup(SpokenCommand, click.Group):
    """A command with sub-commands, each shown by the first line of its help."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of sub-commands."""
        rows = [(name, self.short_help_of(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def short_help_of(self, ctx: click.Context, name: str) -> str:
        """One line about a sub-command."""
        command = self.get_command(ctx, name)
        assert isinstance(command, SpokenCommand)  # noqa: S101 - every command of ours is one
        return speaker_of(ctx).words(command.zh, command.en).splitlines()[0]


option = partial(click.option, cls=SpokenOption)
"""`click.option` with help in both languages (`zh`, `en`)."""

json_option = option("--json", "as_json", is_flag=True, zh="输出 JSON", en="Answer in JSON")


def command(name: str, zh: str, en: str, **rest: Any) -> Callable[[Callable[..., Any]], SpokenCommand]:
    """Make a function a command of that name, with its help in both languages."""
    return click.command(name, cls=SpokenCommand, zh=zh, en=en, **rest)
