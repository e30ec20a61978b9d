"""A place in a YAML file that is being checked: what is wrong is collected, so that everything can be told at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """A value, its place such as `people.li.channels[0]`, and the list to which problems go."""

    value: Any
    place: str
    problems: list[str]

    def wrong(self, why: str) -> None:
        """Note a problem at this place."""
        self.problems.append(f"{self.place or '文件'}：{why}")

    def child(self, name: str, *, required: bool = False) -> Node:
        """The value under a name; one that is not there has the value None."""
        place = f"{self.place}.{name}" if self.place else name
        value = self.value.get(name) if isinstance(self.value, dict) else None
        if value is None and required:
            self.problems.append(f"{place}：缺少")
        return Node(value, place, self.problems)

    def allow(self, *names: str) -> None:
        """Note names that nobody reads: a slip of the pen must not go unseen."""
        if not isinstance(self.value, dict):
            self.wrong("应为各项及其值")
            return
        for name in self.value:
            if name not in names:
                self.wrong(f"没有“{name}”这一项（可以是 {'、'.join(names)}）")

    def items(self) -> list[tuple[str, Node]]:
        """The values by name, in the file's order."""
        if self.value is None:
            return []
        if not isinstance(self.value, dict):
            self.wrong("应为各项及其值")
            return []
        return [(str(name), Node(value, f"{self.place}.{name}", self.problems)) for name, value in self.value.items()]

    def elements(self) -> list[Node]:
        """The values of a list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.wrong("应为列表，如 [甲, 乙]")
            return []
        return [Node(value, f"{self.place}[{n}]", self.problems) for n, value in enumerate(self.value)]

    def text(self, *choices: str) -> str:
        """The value as text, one of `choices` where given; empty, and a problem, where it is none."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str) or not self.value.strip():
            self.wrong("应为文字（数字和时间请加引号）")
            return ""
        if choices and self.value not in choices:
            self.wrong(f"应为 {'、'.join(choices)} 之一")
            return ""
        return self.value.strip()
