"""What stands against closing a period, and what people should know of it: everything at once, each with what to do.

A period can be closed when it has ended, when readers see what was built from everything that is there, when the checks of that are
fresh, and when every expected answer is in, or somebody says why it is closed all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.warehouse.build_inputs import build_inputs, is_same_data
from connectors.warehouse.closing import ids_within
from connectors.warehouse.runs import undecided_deliveries

if TYPE_CHECKING:
    from connectors.settings import Settings
    from expectations.periods import Period

AGAIN_ZH, AGAIN_EN = "请运行 warehouse run，再结账", "run `warehouse run`, then close"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One unmet condition: its code (not_ended, not_published, undecided, not_newest, checks_failed, checks_old, incomplete) and
    its sentence, with what to do."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Missing:
    """An expected answer that is not in force; `state` as in `bi.completeness`."""

    form_id: str
    form_title: str
    unit_id: str
    period: str
    state: str


@dataclass(frozen=True, slots=True)
class State:
    """How a period stands: what stands against closing it, the answers expected and missing, and what is open in those in force."""

    obstacles: tuple[Obstacle, ...]
    release_id: int
    expected: int
    missing: tuple[Missing, ...]
    rows_waiting: int
    errors: int
    warnings: int


def read_state(conn: psycopg.Connection[Any], settings: Settings, period: Period, *, is_incomplete_fine: bool) -> State:
    """How the period stands now. The caller holds the publish lease and the intake lock, so that it stays so."""
    release = conn.execute("select release_id, night from bi.release order by release_id desc limit 1").fetchone()
    obstacles = []
    if release is None:
        obstacles.append(Obstacle("not_published", f"尚无发布，{AGAIN_ZH}", f"nothing is published yet; {AGAIN_EN}"))
    elif release[1] <= period.last_day:
        obstacles.append(
            Obstacle(
                "not_ended",
                f"{period.id} 到 {period.last_day} 结束，当前发布的业务日期是 {release[1]}；请在期末之后运行 warehouse run，再结账",
                f"{period.id} ends on {period.last_day}, and what is published is of {release[1]}; run `warehouse run` after it ended",
            )
        )
    if release is not None:
        obstacles += _of_data(conn, settings)
        obstacles += _of_checks(conn, settings.close_checks_hours)
    ids = ids_within(period.first_day, period.last_day)
    expected, missing = _answers(conn, ids) if release else (0, ())
    if missing and not is_incomplete_fine:
        obstacles.append(
            Obstacle(
                "incomplete",
                f"应报 {expected} 份，还缺 {len(missing)} 份（见下）；请催报，或用 --incomplete --reason 说明为何仍要结账",
                f"{len(missing)} of {expected} expected answers are missing (below); ask for them, or say with --incomplete --reason"
                " why it is closed all the same",
            )
        )
    return State(tuple(obstacles), release[0] if release else 0, expected, missing, *_open(conn, ids))


def _of_data(conn: psycopg.Connection[Any], settings: Settings) -> list[Obstacle]:
    obstacles = []
    if undecided := len(undecided_deliveries(conn)):
        obstacles.append(
            Obstacle(
                "undecided",
                f"还有 {undecided} 个收到的文件没有处理，{AGAIN_ZH}",
                f"{undecided} files that came are not decided; {AGAIN_EN}",
            )
        )
    build = conn.execute(
        "select b.business_date, b.inputs, b.passed, r.release_id = (select max(release_id) from bi.release)"
        " from ops.dbt_build b left join ops.run r using (run_id) order by b.build_id desc limit 1"
    ).fetchone()
    if build is None or not build[2]:
        obstacles.append(
            Obstacle(
                "checks_failed",
                f"最近一次生成没有通过检验，读者看到的是更早的一期；改正之后{AGAIN_ZH}",
                f"the newest build did not pass its checks, and readers see an older one; mend it, {AGAIN_EN}",
            )
        )
    elif not build[3] or not is_same_data(build[1], build_inputs(conn, settings.dbt_project_dir, build[0])):
        obstacles.append(
            Obstacle(
                "not_newest",
                f"当前发布之后又有新的报送、撤回、改动或程序，{AGAIN_ZH}",
                f"there are answers, withdrawals, changes or code that are not in the current release yet; {AGAIN_EN}",
            )
        )
    return obstacles


def _of_checks(conn: psycopg.Connection[Any], most_hours: int) -> list[Obstacle]:
    # A night in which nothing had changed builds nothing and has looked all the same.
    [(age, failed)] = conn.execute(
        "with looked as (select s.step, max(s.finished_at) as at from ops.run_step s join ops.run r using (run_id)"
        "   where r.release_id = (select max(release_id) from bi.release) and r.status in ('succeeded', 'data_problems')"
        "   and s.step in ('build', 'cross_check') group by s.step)"
        " select now() - least(greatest((select at from looked where step = 'build'), (select max(finished_at) from ops.dbt_build where passed)),"
        "   greatest((select at from looked where step = 'cross_check'), (select max(asked_at) from ops.cross_check))),"
        " (select failed from ops.cross_check order by asked_at desc, run_id desc limit 1)"
    ).fetchall()
    obstacles = []
    if age is None or age > timedelta(hours=most_hours):
        hours = "—" if age is None else f"{age.total_seconds() / 3600:.0f}"
        obstacles.append(
            Obstacle(
                "checks_old",
                f"检验是 {hours} 小时前做的，最多 {most_hours} 小时（WAREHOUSE_CLOSE_CHECKS_HOURS）；{AGAIN_ZH}",
                f"the checks are {hours} hours old, at most {most_hours} are allowed (WAREHOUSE_CLOSE_CHECKS_HOURS); {AGAIN_EN}",
            )
        )
    if failed:
        obstacles.append(
            Obstacle(
                "checks_failed",
                f"跨报送核对有规则未能执行（{'、'.join(failed)}），是系统故障，请告知维护人员",
                f"rules that compare submissions could not be asked ({', '.join(failed)}); tell the maintainers",
            )
        )
    return obstacles


def _answers(conn: psycopg.Connection[Any], ids: Sequence[str]) -> tuple[int, tuple[Missing, ...]]:
    [(expected,)] = conn.execute(
        "select count(*) from bi.completeness where expected and period = any(%s)", (list(ids),)
    ).fetchall()
    missing = conn.execute(
        "select form_id, form_title, unit_id, period, state from bi.completeness"
        " where expected and not accepted and period = any(%s) order by form_id, period, unit_id",
        (list(ids),),
    ).fetchall()
    return expected, tuple(Missing(*row) for row in missing)


def _open(conn: psycopg.Connection[Any], ids: Sequence[str]) -> tuple[int, int, int]:
    """Rows that wait, and errors and warnings, of the answers in force for these periods."""
    [(rows,)] = conn.execute(
        "select coalesce(sum(rows_quarantined), 0)::bigint from ops.submission_in_force where period = any(%s)",
        (list(ids),),
    ).fetchall()
    [(errors, warnings)] = conn.execute(
        "select count(*) filter (where f.severity = 'error'), count(*) filter (where f.severity = 'warning')"
        " from ops.finding_open f join ops.submission_in_force s using (submission_id) where s.period = any(%s)",
        (list(ids),),
    ).fetchall()
    return rows, errors, warnings
