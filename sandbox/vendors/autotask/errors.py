"""Autotask's answers other than success."""

from __future__ import annotations

from sandbox.engine.world import Answer


class Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def errors(*texts: str, status: int = 500) -> Answer:
    return Answer(status, {"errors": list(texts)})
