"""Which pages of a site are kept: a page is rendered only if something that it is made of has changed.

A page is made of the rows that its SQL blocks and the send gate read, of code, templates and settings, of the
navigation, and of the places of the receipts that it links to. It leaves out the moment of the build: a page
shows when it was written, or as of when its numbers are.

Two fingerprints answer in two steps. The first covers each mart as a whole: where nothing has changed, no
block runs. The second covers the rows that the page's front matter names in `reads`, so that a new day does
not change the page of a week of last year.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from foundation.atomic import write_atomically
from foundation.settings import PROJECT_ROOT
from reports.engine.parse import Source
from reports.words import gate

FINGERPRINTS = ".fingerprints.json"
"""File in the site's folder: what each page was made of when it was written."""
_MART = re.compile(r"\bmarts\.\"?(\w+)")
_PARAMETER = re.compile(r"\$(\w+)")
_DAY = "select * replace (timezone(time_zone, as_of)::date as as_of) from marts.dim_build"
"""What pages read about the build: its day. A fingerprint leaves out the moment."""
_LIBRARIES = ("babel", "duckdb", "jinja2", "markdown-it-py", "markupsafe")
"""What renders the pages, beside our own code."""


class Places(dict[tuple[str, str], str]):
    """(period, line) -> the file with its receipt. Records which periods were looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        """The file, or `default` where the period has no receipts of the line."""
        self.asked.add(key[0])
        return super().get(key, default)

    def fingerprint(self, periods: Collection[str]) -> str:
        """Return a hash of the receipt links of these periods."""
        wanted = set(periods)
        return _digest(sorted((*key, file) for key, file in self.items() if key[0] in wanted))


@dataclass(frozen=True)
class Page:
    """What decides what a page says, beside the published rows. `sources`: its file, after the one that it
    extends."""

    sources: Sequence[Source]
    params: Mapping[str, Any]
    is_gated: bool
    """It says what is missing, as the send gate sees it."""
    reads: Mapping[str, str]
    """Mart -> the rows that the page reads, if not all."""
    also: tuple[object, ...] = ()

    @property
    def marts(self) -> frozenset[str]:
        """The marts that it reads."""
        named = {name for one in self.sources for block in one.blocks for name in _MART.findall(block.sql)}
        return frozenset(named) | (_gate() if self.is_gated else frozenset())


@dataclass
class Kept:
    """What a page was made of when it was written."""

    whole: str
    rows: str
    links: str
    """Fingerprint of the receipts that it links to."""
    periods: list[str]
    """The periods of these receipts."""
    files: dict[str, list[int]]
    """File -> size and time of its last change: one that is gone or edited by hand is written again."""
    places: dict[str, str] = field(default_factory=dict)
    """Of receipts: line -> the file with its receipt."""


class Fingerprints:
    """The fingerprints of a site's pages, from one published database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, site: Path, *made_of: object) -> None:
        """`made_of`: everything else that every page is made of."""
        self._connection = connection
        self._site = site
        self._common = _digest(_code(), *made_of)
        self._marts: dict[str, str] = {}
        self.kept = _read(site / FINGERPRINTS)

    def stays(self, key: str, page: Page, places: Places) -> bool:
        """Whether the files of a page are unchanged since they were written and would be written the same."""
        kept = self.kept.get(key)
        if (
            kept is None
            or any(_state(self._site / name) != state for name, state in kept.files.items())
            or kept.links != places.fingerprint(kept.periods)
        ):
            return False
        whole = self._whole(page)
        if kept.whole != whole and (not page.reads or kept.rows != self._rows(page)):
            return False
        kept.whole = whole
        return True

    def note(
        self,
        key: str,
        page: Page,
        places: Places,
        files: Collection[str],
        own: Mapping[str, str],
    ) -> None:
        """Remember a page that has been written. `own`: where the lines of its receipts are."""
        states = {name: state for name in files if (state := _state(self._site / name))}
        periods = sorted(places.asked)
        rows = self._rows(page) if page.reads else ""
        links = places.fingerprint(periods)
        self.kept[key] = Kept(self._whole(page), rows, links, periods, states, dict(own))

    def save(self, mode: int, only: Collection[str] | None = None) -> None:
        """Write the file. `only`: the pages that the site has; None: those of before too."""
        kept = {key: asdict(one) for key, one in self.kept.items() if only is None or key in only}
        text = json.dumps(kept, separators=(",", ":"), sort_keys=True)
        write_atomically(self._site / FINGERPRINTS, text.encode(), mode)

    def _whole(self, page: Page) -> str:
        return self._of(page, [self._mart(name) for name in sorted(page.marts)])

    def _rows(self, page: Page) -> str:
        rest = [self._mart(name) for name in sorted(page.marts - page.reads.keys())]
        return self._of(page, [*self._slices(list(page.reads.values()), page.params), *rest])

    def _of(self, page: Page, rows: Sequence[str]) -> str:
        texts = [(one.meta, one.body, one.blocks) for one in page.sources]
        return _digest(self._common, texts, sorted(page.params.items()), page.also, rows)

    def _mart(self, name: str) -> str:
        if name not in self._marts:
            (self._marts[name],) = self._slices(
                [_DAY if name == "dim_build" else f'select * from marts."{name}"'], {}
            )
        return self._marts[name]

    def _slices(self, statements: Sequence[str], params: Mapping[str, Any]) -> list[str]:
        """Return a fingerprint of the rows of each statement, regardless of their order."""
        if not statements:
            return []
        sums = ", ".join(
            f"(select count(*) || ':' || coalesce(sum(hash(x)::hugeint), 0) from ({sql}) as x)"
            for sql in statements
        )
        needed = {name for sql in statements for name in _PARAMETER.findall(sql)}
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("use published")
            values = cursor.execute(f"select {sums}", {name: params[name] for name in needed}).fetchone()
        return list(values or ())


@cache
def _code() -> str:
    """Hash what renders pages: our code without the pages, and the libraries' versions."""
    ours = [
        path
        for package in ("foundation", "reports")
        for path in sorted((PROJECT_ROOT / package).rglob("*"))
        if path.is_file() and path.suffix not in (".md", ".pyc") and "__pycache__" not in path.parts
    ]
    found = sha256()
    for path in ours:
        found.update(str(path.relative_to(PROJECT_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return _digest(found.hexdigest(), [version(name) for name in _LIBRARIES])


@cache
def _gate() -> frozenset[str]:
    """The marts that decide what a page of lines says about missing data."""
    return frozenset(_MART.findall(Path(gate.__file__).read_text(encoding="utf-8")))


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:32]


def _state(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _read(path: Path) -> dict[str, Kept]:
    """Read what is remembered; nothing if the file is missing, damaged or of another version."""
    try:
        return {key: Kept(**one) for key, one in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
