"""The intake bears whatever is sent: requests drawn from its own OpenAPI document, and uploads of anything under any name.

`WAREHOUSE_UPLOADS` says how many random uploads (`make soak`: 1 000), `WAREHOUSE_API_EXAMPLES` how many requests for each operation.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.flows.web_intake.conftest import OTHER, UNIT, Intake
from tests.night import inbox

UPLOADS = int(os.environ.get("WAREHOUSE_UPLOADS", "40"))
EXAMPLES = os.environ.get("WAREHOUSE_API_EXAMPLES", "10")
NAMES = (
    "慰问.xlsx",
    "a.zip",
    "..",
    "~$a.xlsx",
    "=cmd.csv",
    "a\nb.xls",
    "../../x.xlsx",
    "é" * 200,
    "",
    'q".et',
    "名册.ods",
    "x.tmp",
)


@pytest.mark.timeout(3600)
def test_it_keeps_what_its_openapi_document_says_under_attack(intake: Intake, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{intake.address}/openapi.json"),
        *("--header", f"Authorization: Bearer {intake.token()}", "--checks", "all", "--max-examples", EXAMPLES),
        *("--seed", "20261125", "--no-color", "--generation-database", "none", "--request-timeout", "60"),
    ]
    # On the wire every part of a form is bytes, and any bytes are a file: it cannot be of a wrong type.
    command += ["--exclude-checks", "negative_data_rejection"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Tested: 8" in done.stdout


@pytest.mark.timeout(7200)
def test_random_uploads_are_taken_in_whole_or_turned_away_with_a_reason(intake: Intake, tmp_path: Path) -> None:
    chance = random.Random(f"uploads {UPLOADS}")
    good = [
        inbox.put(
            tmp_path, f"{unit_id}_{persons}.xlsx", "relief", unit_id, "2021-03", [inbox.relief_row(persons=persons)]
        ).read_bytes()
        for unit_id in (UNIT, OTHER)
        for persons in (1, 2, "三")
    ]
    told: dict[str, int] = {"taken": 0, "turned away": 0, "refused": 0}
    with intake.program() as program:
        # A unit may hand in 200 files within the hour; the test has more to say.
        for number in range(UPLOADS):
            if number % 150 == 149:
                _let_an_hour_pass(intake)
            files = [
                ("files", (chance.choice(NAMES), _bytes(chance, good))) for _ in range(chance.choice((1, 1, 1, 2, 5)))
            ]
            answer = program.post("/api/v1/uploads", files=files)
            assert answer.status_code in (200, 400, 413, 422), (number, answer.status_code, answer.text)
            if answer.status_code != 200:
                assert answer.json()["error"]["zh"]
                told["refused"] += 1
                continue
            for received in answer.json():
                is_taken = received["upload_id"] is not None
                told["taken" if is_taken else "turned away"] += 1
                assert is_taken or received["reason"]
    _everything_recorded_lies_in_the_inbox_whole(intake)
    assert all(told.values()) or UPLOADS < 20, told


def _bytes(chance: random.Random, good: list[bytes]) -> bytes:
    """A good workbook, a damaged one, one in a zip, or noise."""
    data = bytearray(chance.choice(good))
    match chance.randrange(6):
        case 0 | 1:
            return bytes(data)
        case 2:
            return bytes(data[: chance.randrange(len(data))])
        case 3:
            for _ in range(chance.randint(1, 40)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            return bytes(data)
        case 4:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                for number in range(chance.randint(1, 3)):
                    archive.writestr(f"{number}.xlsx", chance.choice(good))
            return packed.getvalue()
        case _:
            return chance.randbytes(chance.choice((0, 1, 4, 100, 20_000)))


def _let_an_hour_pass(intake: Intake) -> None:
    with closing(intake.connect()) as conn:
        conn.execute("update ops.upload set uploaded_at = uploaded_at - interval '1 hour'")


def _everything_recorded_lies_in_the_inbox_whole(intake: Intake) -> None:
    with closing(intake.connect()) as conn:
        recorded = dict(conn.execute("select object_name, sha256 from ops.upload").fetchall())
    lying = {path.relative_to(intake.settings.inbox).as_posix(): path for path in intake.files()}
    assert recorded.keys() == lying.keys()
    for name, path in lying.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == recorded[name]
