"""The grounds on which faults happen, and the table at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import memory_folder
from tests.faults.backfills import Backfill
from tests.faults.ground import Ground, ground
from tests.faults.naive import Naive
from tests.faults.nights import Night
from tests.faults.subject import Subject
from tests.faults.tally import Tally


@pytest.fixture(scope="session")
def make_ground() -> Iterator[Callable[[Subject], Ground]]:
    """Makes grounds in folders of their own, taken down at the end."""
    with ExitStack() as stack:

        def make(subject: Subject) -> Ground:
            folder = Path(tempfile.mkdtemp(prefix="wf-", dir=memory_folder()))
            folder.chmod(0o711)
            stack.callback(shutil.rmtree, folder)
            return stack.enter_context(ground(folder, subject))

        yield make


@pytest.fixture(scope="session")
def night_ground(make_ground: Callable[[Subject], Ground]) -> Ground:
    """The ground of the real night."""
    return make_ground(Night())


@pytest.fixture(scope="session")
def backfill_ground(make_ground: Callable[[Subject], Ground]) -> Ground:
    """The ground of a backfill."""
    return make_ground(Backfill())


@pytest.fixture(scope="session")
def naive_ground(make_ground: Callable[[Subject], Ground]) -> Ground:
    """The ground of the naive loader."""
    return make_ground(Naive())


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[Tally], None]:
    """Prints the table of a tally for people to see, in soaks and failures alike."""

    def print_it(tally: Tally) -> None:
        with capsys.disabled():
            print(f"\n{tally}")  # noqa: T201 - the table is what a soak is for

    return print_it
