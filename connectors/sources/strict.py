"""What every declaration in sources.yaml is made of: strict models, and complaints in both languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def complaint(zh: str, en: str) -> PydanticCustomError:
    """What is wrong, in both languages, for `declaration_file` to tell."""
    return PydanticCustomError("ours", "{zh}", {"zh": zh, "en": en})


class Declared(BaseModel):
    """What a declaration may not have: a field that nobody knows, a value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
