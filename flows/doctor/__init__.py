"""What is wrong with an installation, and how to mend it: one function per check, in a registry that others can join.

    @check
    def fonts(settings: Settings) -> Iterator[Verdict]: …

A check gives a verdict for each thing that it looked at, good or bad; what it raises becomes a verdict of its own. It changes nothing,
starts nothing, and shows no row and no secret.
"""

from flows.doctor.registry import Check, Grade, Verdict, check, examine, grade_of

__all__ = ["Check", "Grade", "Verdict", "check", "examine", "grade_of"]
