"""The links of a mail. Without a served site there are none: a file on this machine opens nowhere else, and a
page that travels along would show lines that its reader may not see. A demo's mails are files beside its
site, and lead there."""

from __future__ import annotations

from foundation.settings import Company, Settings
from foundation.warehouse import DEMO_MARK
from reports.engine.markup import anchor


class Links:
    """The links of one report's mails."""

    def __init__(self, settings: Settings, company: Company) -> None:
        self._root = company.pages.site_url.rstrip("/")
        if not self._root and settings.smtp_url is None and (settings.home / DEMO_MARK).exists():
            self._root = settings.site_dir.as_uri()
        self._portal = company.access.portal_url.rstrip("/")
        self._receipts = settings.site_dir / "receipts"
        self._read: dict[str, list[tuple[str, str]]] = {}
        """Period -> (name, text) of the files that hold its receipts."""

    def scorecard(self, label: str) -> str:
        """A week's page: `https://scores.example.com/scorecard/2025-W43.html`."""
        return f"{self._root}/scorecard/{label}.html" if self._root else ""

    def receipt(self, label: str, line_id: str) -> str:
        """The records of a line in a period; empty where the site has none."""
        if not self._root:
            return ""
        mark = f'id="{anchor(line_id)}"'
        file = next((name for name, text in self._files(label) if mark in text), None)
        # the portal spreads receipts over other pages and finds them by the line; a web server ignores it
        return f"{self._root}/receipts/{file}?line={line_id}#{anchor(line_id)}" if file else ""

    def note(self, label: str, line_id: str) -> str:
        """The portal's form for a note on a line; empty without `access.portal_url`."""
        return f"{self._portal}/lines/{line_id}/notes/{label}" if self._portal else ""

    def _files(self, label: str) -> list[tuple[str, str]]:
        if label not in self._read:
            files = [self._receipts / f"{label}.html", *sorted(self._receipts.glob(f"{label}.*.html"))]
            self._read[label] = [
                (file.name, file.read_text(encoding="utf-8")) for file in files if file.exists()
            ]
        return self._read[label]
