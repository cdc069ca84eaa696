"""The gallery: every component with sample data, on one page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import load_company
from reports.components import EXPORTS
from reports.engine.parse import PAGES
from reports.site.build import build_site
from tests.reports.conftest import settings_for
from tests.support.browser import axe_violations, needs_chromium, show, sticks_out


@pytest.fixture(scope="module")
def gallery(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with only the gallery in it."""
    settings = settings_for(tmp_path_factory.mktemp("gallery"))
    settings.published_path.parent.mkdir(parents=True)
    shutil.copy(published, settings.published_path)
    assert build_site(settings, load_company(settings), only=["gallery"]).files == [
        settings.site_dir / "gallery.html"
    ]
    return settings.site_dir


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_every_component_is_in_the_gallery(name: str) -> None:
    assert re.search(rf"\b{name}\(", (PAGES / "gallery.md").read_text(encoding="utf-8"))


def test_every_component_shows_something(gallery: Path) -> None:
    html = (gallery / "gallery.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), "two elements of one name"
    classes = {word for names in re.findall(r'class="([^"]+)"', html) for word in names.split()}
    # a class of each component, and of what it does in its rarer cases
    assert classes >= {
        "attention", "beside", "chart", "contents", "definition", "delta", "filters", "headline", "hb", "info",
        "masthead", "minis", "missing", "moved", "near", "not_applicable", "note", "notes", "pacebar", "partial", "pill",
        "provisional", "quiet", "receipt", "redefined", "restated", "score", "spark", "sql", "src", "stale", "statusbar",
        "tab", "tiles", "weeklist", "whatif", "why",
    }  # fmt: skip
    assert "gallery.html" not in html, "it is not in the navigation"


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_every_component_is_accessible_and_fits(web: Any, gallery: Path, width: int, scheme: str) -> None:
    web.get_log("browser")
    show(web, gallery, "gallery.html", width, scheme)
    assert sticks_out(web, width) == []
    # parts of different pages are on this one: several headings of a page, several notes
    of_a_page = ("page-has-heading-one", "landmark-unique")
    assert [found for found in axe_violations(web, scheme) if not found.startswith(of_a_page)] == []
    assert web.get_log("browser") == []
