"""What can go wrong with a source: a person must act, or trying later is enough. Every text names the source
and the way out."""

from __future__ import annotations


class SourceError(Exception):
    """Base of both kinds. The text is redacted before the error is made, so it may be logged, stored and
    mailed."""


class PermanentError(SourceError):
    """A person must act: wrong key, missing permission, unknown id, an answer of another shape. Trying again
    changes nothing."""


class TransientError(SourceError):
    """The vendor is busy or out of reach; the same run may succeed later."""


class Unexpected(PermanentError):
    """An answer in a shape that nobody knows. Where many objects are read one by one, only that object is
    lost, and named."""


class NotAvailable(PermanentError):
    """The account may not read one kind of record (a scope or permission is missing). That table is skipped,
    the others load."""


class NotSetUp(NotAvailable):
    """company.toml names nothing to read into one table. Nobody refuses it: it is as good as not connected,
    and no alarm."""


class Gone(PermanentError):
    """The vendor does not know what was asked for (400, 404, 410, 422): one object that is gone, or a page
    token that has expired."""
