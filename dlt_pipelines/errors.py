"""Errors of sources: either a person must act, or trying later is enough. Every text names the source and the
way out."""

from __future__ import annotations

import re

from foundation.errors import ScorelineError


class SourceError(ScorelineError):
    """Base of both kinds. Its text is redacted, so it may be logged, stored and mailed."""

    def __init__(self, text: str) -> None:
        # a vendor's own sentence may end with a full stop already
        super().__init__(re.sub(r"(?<!\.)\.\.(?=\s|$)", ".", str(text)))


class PermanentError(SourceError):
    """A person must act: wrong key, missing permission, unknown id, unknown shape of an answer. A retry
    changes nothing."""


class TransientError(SourceError):
    """The vendor is busy or out of reach; the same run may succeed later."""


class Unexpected(PermanentError):
    """An answer has an unknown shape. Where objects are read one by one, only that object is left out, and
    named."""


class NotAvailable(PermanentError):
    """The account may not read one kind of record: a scope or permission is missing. That table is skipped;
    the others load."""


class FieldGone(NotAvailable):
    """No record of a table has a field that the vendor always sends. What the field decides is unknown, so
    the table is skipped as a whole."""


class NotSetUp(NotAvailable):
    """company.toml names nothing to read into a table. The table counts as not connected and raises no
    alarm."""


class Gone(PermanentError):
    """The vendor does not know what was requested (400, 404, 410, 422): a deleted object, or an expired page
    token."""
