"""Mappings as they are declared: which rows from elsewhere answer which form, and how."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from connectors.sources.strict import Declared, Text, complaint


class Told(Declared):
    """What stands in every row, or the column that tells it."""

    column: Text | None = None
    value: Text | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Told:
        if (self.column is None) == (self.value is None):
            raise complaint("只能写 column（列名）或 value（固定值）中的一个", "give one of column and value")
        return self


class MappingDeclared(Declared):
    """Which form rows from elsewhere answer, for which unit and period, and which column fills which of its fields.

    A column of a JSON answer may lie deeper: `活动.金额`. `changed` tells when a row was last changed.
    """

    form: Text
    unit: Told
    period: Told
    columns: Annotated[dict[str, Text], Field(min_length=1)]
    changed: Text | None = None

    @model_validator(mode="after")
    def _fits_the_form(self) -> MappingDeclared:
        from expectations.contract import forms

        form = forms().get(self.form)
        if form is None:
            raise complaint(f"没有报表 {self.form}", f"there is no form {self.form}")
        fields = {field.name: field.is_required for field in form.fields}
        if unknown := [name for name in self.columns if name not in fields]:
            raise complaint(
                f"《{form.title_zh}》没有字段 {'、'.join(unknown)}", f"{self.form} has no field {', '.join(unknown)}"
            )
        if absent := [name for name, is_required in fields.items() if is_required and name not in self.columns]:
            raise complaint(
                f"《{form.title_zh}》的必填字段没有对应的列：{'、'.join(absent)}",
                f"these fields are required and no column fills them: {', '.join(absent)}",
            )
        return self
