"""Every line of INPUTS is held by a test, and the table of them is up to date."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.inputs.not_held import NOT_HELD
from tests.inputs.table import DOCUMENT, ROOT, lines, table

COLLECT = "import json; from tests.inputs.table import marked_tests; print(json.dumps({k: sorted(v) for k, v in marked_tests().items()}))"


def test_every_line_is_held_by_a_test_and_the_table_says_by_which() -> None:
    # A pytest within pytest would share its state, so the collection has a process of its own.
    done = subprocess.run([sys.executable, "-c", COLLECT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    held = {line: set(tests) for line, tests in json.loads(done.stdout).items()}
    assert held.keys() <= lines().keys(), "a mark names a line that is not there"
    assert [line for line in lines() if line not in held and line not in NOT_HELD] == []
    assert [line for line in NOT_HELD if line in held] == []
    assert DOCUMENT.read_text(encoding="utf-8") == table(held), "run python -m tests.inputs.table"
