"""Looks are remembered: which source is broken, and since when; one that is under way is not."""

from __future__ import annotations

from contextlib import closing

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.looks import (
    LookResult,
    begin_look,
    count_refused,
    end_look,
    read_broken,
    read_last_looks,
)
from connectors.warehouse.runs import close_run, open_run
from tests.night.inbox import NIGHT


def test_a_source_is_broken_since_it_was_last_read(settings: Settings) -> None:
    with closing(connect(settings)) as conn:
        first = open_run(conn, "night", NIGHT)
        look_id = begin_look(conn, "mail", "imap", first)
        assert read_broken(conn, first) == []
        end_look(conn, look_id, LookResult("good", received=2, refused=1))
        # A second end changes nothing: whoever was shut out comes too late.
        end_look(conn, look_id, LookResult("broken"))
        assert (read_broken(conn, first), count_refused(conn, first)) == ([], [{"source_id": "mail", "refused": 1}])
        close_run(conn, first, "succeeded", None, None)
        second = open_run(conn, "night", NIGHT)
        end_look(conn, begin_look(conn, "mail", "imap", second), LookResult("broken", error_zh="断", error_en="cut"))
        [broken] = read_broken(conn, second)
        last = read_last_looks(conn, ["mail", "never"])
        assert list(last) == ["mail"]
        assert broken["good_until"] == last["mail"]["good_until"] is not None
        begin_look(conn, "silent", "sftp", second)
        assert [row["source_id"] for row in read_broken(conn, second)] == ["mail"]
        close_run(conn, second, "failed", None, None)
        # It was killed before it could say how that look ended.
        assert [row["source_id"] for row in read_broken(conn, second)] == ["mail", "silent"]
