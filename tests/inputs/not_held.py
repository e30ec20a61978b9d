"""The lines of INPUTS that no form of ours can meet, each with the reason."""

from __future__ import annotations

NOT_HELD = {
    "A46": "No form asks for a district or a prefecture: units are known by the register (A44, A45), and the one region that is"
    " asked for (supplier_region, 帮扶地区) is kept as it was typed.",
    "A56": "No form asks for a phone number.",
    "A60": "No code of ours begins with a nought (tests/inputs/test_habits.py says so of every contract), so none can lose one.",
}
