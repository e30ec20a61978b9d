"""The command `warehouse`: its sub-commands, and how a call ends.

Exit codes: 0 good · 1 data problems that need people · 2 wrong usage · 3 our failure. Nothing heavy is imported here; a
sub-command is imported when it is called, and even `--help` names them from `COMMANDS` alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple, NoReturn

import click

from flows.speech import LANGUAGES, Speaker, SpokenGroup, speaker_of
from flows.stopping import Terminated
from flows.usage import usage_sentence


class Entry(NamedTuple):
    """One line of `warehouse --help`; the command lives in `flows.commands.<name>`."""

    zh: str
    en: str


COMMANDS: Mapping[str, Entry] = {
    "run": Entry(
        "现在执行夜间流程：收取、读取、校验、建库、发布、回复", "Run the night now: collect … publish … reply"
    ),
    "serve": Entry("启动定时任务、执行器和界面", "Start scheduler, worker and UI on this machine"),
    "dask": Entry("多台机器：启动 Dask 调度器、执行进程", "Many machines: Dask scheduler and workers"),
    "submit": Entry("把报表放入收件文件夹", "Put workbooks into the inbox"),
    "sources": Entry("来源：列出、试着连接", "Sources: list them, try them"),
    "intake": Entry("网上报送：给单位发口令、收回口令", "Intake over HTTP: tokens of the units"),
    "check": Entry("试读报表并列出问题，不留痕迹", "Read and judge workbooks without a trace"),
    "template": Entry("生成某单位某期的空白报表", "Write the workbook that a unit fills in"),
    "status": Entry("最近一次运行与当前发布", "The last run, its account, and the release"),
    "submissions": Entry("列出报送记录", "List submissions"),
    "findings": Entry("列出问题及改正办法", "List findings, each with its remedy"),
    "alerts": Entry("预警：列出、认领、静默、催报、发送通知", "Alerts: list, acknowledge, silence, remind, send"),
    "receipt": Entry("回执：列出、查看、验证真伪", "Receipts: list, show, verify"),
    "quarantine": Entry("待更正的行：列出、重新判定", "List the rows that wait, or judge them again"),
    "waiver": Entry("豁免：某单位某段时间不受某条规则约束", "Waive a rule for a unit for some time"),
    "withdraw": Entry("撤回一份生效的报送", "Take back a submission in force"),
    "correct": Entry("提出更正：某个单元格应当是什么", "Propose what should stand in a cell"),
    "corrections": Entry("更正：列出、由第二个人批准", "Corrections: list, approve as a second person"),
    "backfill": Entry("补录与重算：先预览，再执行", "Judge a range again or bring in history: look, then do"),
    "rules": Entry("规则施行之前会影响多少行、多少单位", "What a rule would do before it is applied"),
    "audit": Entry("审计：核对事件链、列出发生过什么", "Verify the chain of events, list what happened"),
    "explain": Entry("追溯一个数字：指标→行→文件→单元格", "Walk a figure to its rows, files and cells"),
    "release": Entry("发布记录与两次发布的差异", "Releases, and what changed between two"),
    "close": Entry("结账：某期间的数字从此不变", "Close a period: its figures stay"),
    "reopen": Entry("重新打开已结账的期间，以便重述", "Open a closed period again, to restate it"),
    "closings": Entry("结账记录、等待的报送与数字、验证结账包", "What is closed and what waits; verify a pack"),
    "report": Entry("生成带图的年度报告（HTML）", "Write the report with charts (HTML)"),
    "sample": Entry("写出 2021 年示例报表", "Write the sample workbooks of 2021"),
    "watch": Entry("上一夜有没有运行（供 cron、容器检查调用）", "Did last night run? For cron and health checks"),
    "doctor": Entry("检查这套系统并说明如何修复", "Examine this installation and say how to mend it"),
    "person": Entry(
        "个人信息：查找、导出、抹除某人的数据，查看记录", "A person's data: find it, export it, erase it, who looked"
    ),
    "keys": Entry("加密密钥：列出、新建、重新加密、停用", "Seal keys: list, new, reseal, retire"),
    "access": Entry("读取数据库的账号：授予、列出、收回", "Accounts that read the database: give, list, take back"),
    "bi": Entry("看板（Superset）：启动、部署、比较、停止", "Dashboards (Superset): up, apply, diff, down"),
    "db": Entry("内置数据库：启动、停止、网址、psql", "The database: start, stop, url, psql"),
}
"""Every sub-command, in the order of the day."""


class LazyGroup(SpokenGroup):
    """The root command: sub-commands are imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, as help lists them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The sub-command of that name, if there is one."""
        if cmd_name not in COMMANDS:
            return None
        found = import_module(f"flows.commands.{cmd_name}").command_line
        assert isinstance(found, click.Command)  # noqa: S101 - each module of flows.commands holds one
        return found

    def short_help_of(self, ctx: click.Context, name: str) -> str:
        """One line about a sub-command, without importing it."""
        return speaker_of(ctx).words(*COMMANDS[name])


@click.group(
    "warehouse",
    cls=LazyGroup,
    zh="国防工会报表仓库：从各单位的 Excel 报表到可追溯的指标。\n\n"
    "退出码：0 正常，1 有数据问题需要人处理，2 用法不对，3 系统故障。",
    en="Union warehouse: from the units' Excel workbooks to figures that explain themselves.\n\n"
    "Exit codes: 0 good, 1 data problems that need people, 2 wrong usage, 3 our failure.",
)
def warehouse() -> None:
    """The root of the command line."""


def answer(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for, and give the exit code; errors are one sentence on stderr."""
    speaker = Speaker(lang=_language(arguments), debug="--debug" in arguments)
    try:
        code = warehouse.main(list(arguments), prog_name="warehouse", standalone_mode=False, obj=speaker)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.ctx.get_help() if asked.ctx else asked.message)
        return 2
    except click.ClickException as error:
        click.echo(usage_sentence(error, speaker), err=True)
        return 2
    except (click.Abort, KeyboardInterrupt) as interrupted:
        speaker.note("已中断；再次运行会接着完成。", "Interrupted; run again and it will go on.")
        # click puts its own error over the interruption. 128 + the signal, as shells count.
        return 143 if isinstance(interrupted.__cause__ or interrupted, Terminated) else 130
    except BrokenPipeError:
        # The reader of our output (`head`) has seen enough; nothing more is to be flushed at exit.
        sys.stdout = None
        return 0
    except Exception as error:  # noqa: BLE001 - the last frame: whatever happened becomes a sentence and exit code 3
        return _confess(error, speaker)
    return code if isinstance(code, int) else 0


def main() -> NoReturn:
    """The entry point of the command `warehouse`."""
    sys.exit(answer(sys.argv[1:]))


def _confess(error: Exception, speaker: Speaker) -> int:
    from connectors.errors import FileUnusable, WarehouseError
    from connectors.settings import load_settings

    if speaker.debug:
        import traceback

        # A failed step hides the error behind it from what is kept, and shows it here.
        traceback.print_exception(error.__context__ if error.__suppress_context__ and error.__context__ else error)
    if isinstance(error, OSError):
        error = FileUnusable.because(error, str(load_settings().home)) or error
    if isinstance(error, WarehouseError):
        click.echo(error.sentence(speaker.lang), err=True)
        return error.exit_code
    speaker.note(
        f"系统故障（{type(error).__name__}）。数据未受损；请加 --debug 再运行一次，把输出发给维护人员。",
        f"Our failure ({type(error).__name__}). No data is harmed; run again with --debug and send us the output.",
    )
    return 3


def _language(arguments: Sequence[str]) -> str:
    """The language asked for: `--lang` wherever it stands (help is drawn before options are read), else WAREHOUSE_LANG."""
    for position, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang":
            value = next(iter(arguments[position + 1 : position + 2]), None)
        if value in LANGUAGES:
            return value
    from connectors.errors import SettingsError
    from connectors.settings import load_settings

    try:
        return load_settings().lang
    except SettingsError:
        return "zh"
