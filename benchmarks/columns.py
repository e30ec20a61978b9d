"""The columns of the three forms, as somebody who writes a loader by hand puts them down.

A test compares them with the contracts.
"""

from __future__ import annotations

FIRST_ROW = {"relief": 5, "hardship_aid": 5, "unit_profile": 4, "unit_register": 4}
"""0-based sheet row of the first line of data: below title, identity, nil return, headings and perhaps the total."""

COLUMNS: dict[str, dict[str, str]] = {
    "relief": {
        "campaign": "text",
        "beneficiary_group": "text",
        "beneficiary_unit": "text",
        "funding_level": "text",
        "money_flow": "text",
        "persons": "bigint",
        "cash_cny": "numeric(18,2)",
        "goods_cny": "numeric(18,2)",
        "given_on": "date",
    },
    "hardship_aid": {
        "worker_name": "text",
        "worker_citizen_id": "text",
        "hardship_cause": "text",
        "aid_kind": "text",
        "standard_cny": "numeric(18,2)",
        "amount_cny": "numeric(18,2)",
        "paid_on": "date",
    },
    "unit_profile": {
        "employees": "bigint",
        "female_employees": "bigint",
        "members": "bigint",
        "teams": "bigint",
        "team_leaders": "bigint",
        "smart_union_status": "text",
        "congress_held_on": "date",
        "contract_signed_on": "date",
        "contract_covered_employees": "bigint",
    },
}
"""Form, field and the type of its column; they stand in this order from column B on."""


def form_of(file_name: str) -> str | None:
    """The form of a workbook by its name; None for the register, which the loaders leave alone."""
    return next((form_id for form_id in COLUMNS if file_name.startswith(form_id)), None)
