"""Wrong usage, said in Chinese: click's own complaints in the words of this command."""

from __future__ import annotations

from datetime import date

import click

from flows.speech import Speaker, speaker_of


class WrongUsage(click.UsageError):
    """Something was asked for that the command cannot know how to do; the sentence is ours, in both languages."""

    def __init__(self, zh: str, en: str, ctx: click.Context | None = None) -> None:
        super().__init__(en, ctx or click.get_current_context(silent=True))
        self.zh = zh


def usage_sentence(error: click.ClickException, speaker: Speaker) -> str:
    """What was wrong with the call and where to read on, in the call's language."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        speaker = speaker_of(context)
    path = context.command_path if context is not None else "warehouse"
    return speaker.words(
        f"{_sentence_zh(error)}\n查看用法：{path} --help", f"{error.format_message()}\nSee: {path} --help"
    )


def _sentence_zh(error: click.ClickException) -> str:
    match error:
        case WrongUsage():
            return error.zh
        case click.MissingParameter():
            return f"缺少{_kind_zh(error.param)} {_name(error)}。{_choices_zh(error.param)}"
        case click.NoSuchOption():
            return f"没有选项 {error.option_name}。{_nearest_zh(error.possibilities)}"
        case click.NoSuchCommand():
            return f"没有命令 {error.command_name}。{_nearest_zh(error.possibilities)}"
        case click.BadParameter():
            return f"{_kind_zh(error.param)} {_name(error)} 的值不对。{_choices_zh(error.param) or error.message}"
        case click.BadOptionUsage():
            return f"选项 {error.option_name} 用法不对：它需要一个值，或不接受值。"
        case click.UsageError() if "unexpected extra argument" in error.message:
            return f"多余的参数：{error.message.rpartition('(')[2].rstrip(').')}。"
        case _:
            return f"用法不对：{error.format_message()}"


def _name(error: click.BadParameter) -> str:
    if error.param is None:
        return str(error.param_hint or "")
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    return error.param.make_metavar(error.ctx) if error.ctx is not None else error.param.human_readable_name


def _kind_zh(param: click.Parameter | None) -> str:
    return "选项" if isinstance(param, click.Option) else "参数"


def _choices_zh(param: click.Parameter | None) -> str:
    match param.type if param is not None else None:
        case click.Choice(choices=choices):
            return f"可以是：{'、'.join(map(str, choices))}。"
        case click.IntRange() | click.INT:
            return "应为整数。"
        case click.Path():
            return "没有这个文件或文件夹，或不能使用。"
        case DayType():
            return "应为日期，如 2022-01-31。"
        case _:
            return ""


def _nearest_zh(possibilities: list[str] | None) -> str:
    return f"是否想用 {' 或 '.join(possibilities)}？" if possibilities else ""


class DayType(click.ParamType[date]):
    """A business date such as 2022-01-31."""

    name = "date"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How help names it."""
        return "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date. Raises: click.BadParameter if the text is none."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no date such as 2022-01-31.", param, ctx)
