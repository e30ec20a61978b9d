"""Models of the dbt project as SQL, without dbt: for questions about another state of the warehouse than the one last built.

A model is rendered by Jinja alone, with the project's own macros; what it refers to is named by whoever asks. Only what the models
up to the measures use is known here: `ref`, `source`, our macros, and that everything is computed.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import Environment, StrictUndefined

Namer = Callable[[str], str]
"""Gives the relation that stands for a model or seed of this name."""

SourceNamer = Callable[[str, str], str]
"""Gives the relation that stands for a source: schema, table."""


_EVERYTHING_AT_ONCE: dict[str, Callable[..., object]] = {
    "config": lambda **_: "",
    "is_incremental": lambda: False,
    "is_scoped": lambda: False,
    "changed": lambda _: None,
    "var": lambda _, default=None: default,
}
"""What models ask dbt for, answered as in a build of everything."""


_ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - SQL, and the project's own words


class ProjectModels:
    """The models and seeds of one project, read when they are asked for."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def sql(self, model: str, ref: Namer, source: SourceNamer) -> str:
        """The query of a model over the relations that `ref` and `source` name. Raises: KeyError for a model that is not there."""
        return self._render(self._models[model].read_text(encoding="utf-8"), ref, source)

    def scope(self, model: str) -> str | None:
        """The config `scope` of a model: the SQL of which of its rows a build of changes replaces. None where it makes them all anew,
        or there is no such model."""
        return self._config(model).get("scope")

    def indexes(self, model: str) -> list[tuple[str, ...]]:
        """The columns of each index in the config of a model; none where there is no such model."""
        return [tuple(index["columns"]) for index in self._config(model).get("indexes", ())]

    def _config(self, model: str) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if model in self._models:
            words = {
                "ref": str,
                "source": lambda *names: ".".join(names),
                "config": lambda **config: said.update(config) or "",
            }
            _rendered(self._macros + self._models[model].read_text(encoding="utf-8"), words)
        return said

    def expression(self, text: str) -> str:
        """An expression of SQL that calls the project's macros, such as `{{ period_last_date('period') }}`, and refers to no model."""
        return self._render(text, _refers_to_nothing, _refers_to_nothing)

    def _render(self, text: str, ref: Namer, source: SourceNamer) -> str:
        return _rendered(self._macros + text, {"ref": ref, "source": source})

    def is_seed(self, name: str) -> bool:
        """Whether this is a seed and not a model."""
        return name not in self._models

    def seed(self, name: str) -> list[dict[str, str]]:
        """The rows of a seed, as text; what is empty is not known."""
        with (self._project / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def measure_models(self, measure_id: str) -> list[str]:
        """The models whose rows add to a measure."""
        return [name for name, text in self._measure_texts.items() if f"'measure': '{measure_id}'" in text]

    def form_measures(self) -> Iterator[tuple[str, str]]:
        """Form and measure, of what rows of one form add to a measure; hand-written models are told by `measure_models` alone."""
        return ((row["form_id"], row["measure_id"]) for row in self.seed("measure_sources"))

    @cached_property
    def _models(self) -> dict[str, Path]:
        return {path.stem: path for path in (self._project / "models").rglob("*.sql")}

    @cached_property
    def _measure_texts(self) -> dict[str, str]:
        names = sorted(n for n, path in self._models.items() if path.parent.name == "measures")
        return {name: self._models[name].read_text(encoding="utf-8") for name in names}

    @cached_property
    def _macros(self) -> str:
        texts = (path.read_text(encoding="utf-8") for path in sorted((self._project / "macros").glob("*.sql")))
        # A macro that returns more than text is dbt's alone; those that models call are said below.
        return "".join(text for text in texts if "return(" not in text)


def _rendered(text: str, words: Mapping[str, Any]) -> str:
    known = _ENVIRONMENT.make_globals({**_EVERYTHING_AT_ONCE, **words})
    return _ENVIRONMENT.template_class.from_code(_ENVIRONMENT, _compiled(text), known).render().strip()


@cache
def _compiled(text: str) -> CodeType:
    """Compiling takes some 17 ms; a model is asked for twice in a publish, as it was then and as it is now."""
    return _ENVIRONMENT.compile(text)


def _refers_to_nothing(*names: str) -> str:
    raise KeyError(".".join(names))
