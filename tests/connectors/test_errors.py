"""Our failures speak full sentences in both languages and survive the way between processes."""

import pickle
from dataclasses import fields

import pytest

import connectors.dask.errors
import connectors.postgres.errors
import connectors.sources.errors
import connectors.warehouse.backfill.errors  # noqa: F401 - the leaves of all join the tree
from connectors.errors import WarehouseError


def leaves(error: type[WarehouseError]) -> list[type[WarehouseError]]:
    """Those of connectors, whatever else this process has imported."""
    children = [child for child in error.__subclasses__() if child.__module__.startswith("connectors.")]
    return [leaf for child in children for leaf in leaves(child)] or [error]


def example(error: type[WarehouseError]) -> WarehouseError:
    facts = {f.name: {"int": 7, "float": 7.0}.get(str(f.type), f"<{f.name}>") for f in fields(error)}
    return error(**facts)


@pytest.mark.parametrize("error", leaves(WarehouseError))
def test_every_error_puts_its_facts_in_a_sentence_of_each_language(error: type[WarehouseError]) -> None:
    raised = example(error)
    chinese, english = raised.sentence("zh"), raised.sentence("en")
    assert chinese.endswith("。")
    assert english.endswith(".")
    assert str(raised) == english
    for fact in fields(error):
        value = getattr(raised, fact.name)
        text = str(value) if isinstance(value, str) else "7"
        assert text in chinese or fact.name.endswith("_en")
        assert text in english or fact.name.endswith("_zh")


@pytest.mark.parametrize("error", leaves(WarehouseError))
def test_every_error_survives_the_way_from_a_child_process(error: type[WarehouseError]) -> None:
    raised = example(error)
    arrived = pickle.loads(pickle.dumps(raised))  # noqa: S301 - our own bytes
    assert type(arrived) is type(raised)
    assert str(arrived) == str(raised)


@pytest.mark.parametrize("error", leaves(WarehouseError))
def test_every_error_knows_its_exit_code(error: type[WarehouseError]) -> None:
    assert error.exit_code in (2, 3)
