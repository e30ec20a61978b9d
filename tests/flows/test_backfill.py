"""`warehouse backfill` at the command line: looked at, done, done again, listed."""

from __future__ import annotations

from tests.flows.conftest import Desk
from tests.night import inbox

RANGE = ("backfill", "--from", "2021-01", "--to", "2021-12", "--date", inbox.NIGHT.isoformat())
SIGNED = ("--reason", "规则改正", "--author", "王处")


def test_a_backfill_is_shown_then_done_once_and_listed(second_office: Desk) -> None:
    refused = second_office.call(*RANGE, "--apply", *SIGNED)
    assert refused.returncode == 2
    assert "warehouse backfill --from 2021-01 --to 2021-12 --preview" in refused.stderr
    plan = second_office.call_json(*RANGE, "--preview")
    assert {answer["ending"] for answer in plan["result"]["answers"]} == {"unchanged"}
    done = second_office.call_json(*RANGE, "--apply", *SIGNED)
    assert (done["plan_id"], done["result"]) == (plan["plan_id"], plan["result"])
    again = second_office.call("backfill", "--apply", "--plan", plan["plan_id"], *SIGNED)
    assert "早已执行" in again.stdout
    [record] = second_office.call_json("backfill", "list")
    assert (record["state"], record["author"]) == ("done", "王处")
    assert second_office.call("backfill", "cancel", "1").returncode == 2
