"""Keys are changed while a real night runs: it ends as if nothing had been, and the old key goes once nothing needs it."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.errors import KeyInUse
from connectors.keys import Keyring
from connectors.warehouse.engine import connect
from connectors.warehouse.key_rotation import make_key, reseal, retire
from connectors.warehouse.personal import seal_context
from tests.canonical import canonical_dump
from tests.night import inbox
from tests.night.conftest import Province

OF_KEYS = {"pii.personal_row", "pii.key_fingerprint"}
"""The tables that name keys."""

SIGNED = ("王处", "定期更换")


def test_keys_change_while_a_night_runs(
    make_province: Callable[[], Province], undisturbed: Province, tmp_path: Path
) -> None:
    made = make_province()
    keys = tmp_path / "keys"
    shutil.copytree(made.settings.keys_dir, keys)
    province = replace(made, settings=replace(made.settings, keys_dir=keys))
    codes: list[int] = []
    night = threading.Thread(target=lambda: codes.append(province.run()))
    night.start()
    done: list[int] = []
    with connect(province.settings) as conn:
        while not conn.execute("select 1 from ops.submission").fetchone():
            assert night.is_alive(), "it should have got that far"
            time.sleep(0.05)
        assert make_key(province.settings, conn, *SIGNED) == "k0002"
        while night.is_alive():
            found = reseal(province.settings, conn, lambda _done, _total: None)
            done.append(found.rows + found.files)
            if night.is_alive() and len(done) == 1:
                with pytest.raises(KeyInUse):
                    retire(province.settings, conn, "k0001", *SIGNED)
        night.join()
        assert codes == [1]
        assert done[0] > 0, "it was sealed anew while the night ran"
        left = reseal(province.settings, conn, lambda _done, _total: None)
        assert (left.rows_left, left.files_left, left.unreadable) == (0, 0, 0)
        retire(province.settings, conn, "k0001", *SIGNED)
        keyring = Keyring.load(province.settings)
        people = [
            json.loads(keyring.decrypt(*seal, seal_context(*place)))["worker_citizen_id"]
            for *place, a, b, c in conn.execute(
                "select form_id, unit_id, submission_id, row_number, key_id, nonce, ciphertext from pii.personal_row"
            )
            for seal in [(a, b, c)]
        ]
    with province.connect() as left_conn, undisturbed.connect() as right_conn:
        mine, theirs = canonical_dump(left_conn), canonical_dump(right_conn)
        assert len(people) == len(theirs["pii.personal_row"]) > 0
    assert set(people) == {inbox.PERSON}
    assert mine.keys() == theirs.keys()
    for table in theirs.keys() - OF_KEYS:
        assert mine[table] == theirs[table], table
