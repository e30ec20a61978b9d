"""A backup that is taken while a night goes on: the night does not notice, and the backup goes on as that night did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from connectors.backup.restoring import restore_backup
from connectors.backup.taking import Taken, take_backup
from tests.night.conftest import Province
from tests.night.test_kill import assert_same


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def test_backups_during_a_night_leave_it_alone_and_a_restored_one_ends_as_it_did(
    make_province: Callable[[], Province], undisturbed: Province, tmp_path: Path
) -> None:
    province, taken, codes = make_province(), list[Taken](), list[int]()
    night = threading.Thread(target=lambda: codes.append(province.run()))
    night.start()
    while night.is_alive():
        taken.append(take_backup(province.settings, tmp_path / "backups", quiet))
        # Often enough to fall into most steps; the night needs the processors too.
        time.sleep(0.5)
    night.join()
    assert codes == [1]
    assert_same(province, undisturbed)

    received = [t for t in taken if t.manifest.state.counts["archive.delivery"]]
    halfway = received[len(received) // 2]
    restored = make_province()
    assert restore_backup(restored.settings, halfway.path, quiet).manifest == halfway.manifest
    assert restored.run() in (0, 1)
    assert_same(restored, undisturbed)
