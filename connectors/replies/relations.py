"""The relations of a part of a package: which other parts it refers to, by which id."""

from __future__ import annotations

import posixpath

from connectors.replies.tags import appended, attribute, check_xml, root_prefix, tags, unescaped

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

_EMPTY = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)


def relations_path(part: str) -> str:
    """Where the relations of a part are kept."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


class Relations:
    """The relations of one part, to which others are added; `xml` is None where it has none yet.

    `targets` has by id the kind (the last word of its type) and the path of the part referred to.
    """

    def __init__(self, part: str, xml: bytes | None) -> None:
        self.path, self.xml = relations_path(part), xml or _EMPTY
        self.targets: dict[str, tuple[str, str]] = {}
        check_xml(self.xml)
        for tag in tags(self.xml):
            if tag.name == b"Relationship" and not tag.is_close:
                raw = tag.of(self.xml)
                target, kind, name = (unescaped(attribute(raw, a) or b"") for a in (b"Target", b"Type", b"Id"))
                inside = posixpath.normpath(f"{posixpath.dirname(part)}/{target}")
                self.targets[name] = (kind.rpartition("/")[2], target[1:] if target.startswith("/") else inside)

    @property
    def by_kind(self) -> dict[str, str]:
        """The path of one part of each kind."""
        return dict(self.targets.values())

    def add(self, kind: str, target: str) -> bytes:
        """Add a relation; gives its id."""
        number = 1
        while f"rIdW{number}" in self.targets:
            number += 1
        name = f"rIdW{number}"
        self.targets[name] = (kind, target)
        element = f'Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="/{target}"/>'
        self.xml = appended(self.xml, b"<" + root_prefix(self.xml) + element.encode())
        return name.encode()
