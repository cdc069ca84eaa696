"""Prepares the dbt project before dbt runs: writes the list of metric models, and links the project's parts
together if the seeds are in another folder.

dbt must see every `ref` when it parses, so the union of all metrics can't look for the models.
`write_metric_models` writes the list that the union loops over. It runs before each build, and a test
compares the committed file with it. To run it alone: `python -m foundation.dbt_files` (exit code 1 if the
file changed).
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

from foundation.settings import Settings

_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "snapshots", "tests")
PRODUCT_SEEDS = ("reasons", "sales_measures")
"""Seeds that belong to the models, not to the company: they always come from the project."""
_HEAD = """\
{#- Written by foundation/dbt_files.py from the files under models/metrics; do not edit. -#}
{% macro metric_models() %}
    {{ return([
"""
_TAIL = """\
    ]) }}
{% endmacro %}
"""


class DuplicateMetric(Exception):
    """Two files under models/metrics have the same name; the message names them."""


def metric_models_text(dbt_dir: Path) -> str:
    """Return the text of `macros/metric_models.sql` for the metric models in `dbt_dir`, sorted by name.

    Raises:
        DuplicateMetric: Two sections have a metric with the same id.
    """
    files = sorted((dbt_dir / "models" / "metrics").rglob("*.sql"), key=lambda path: (path.stem, path))
    twice = [name for name, count in Counter(path.stem for path in files).items() if count > 1]
    if twice:
        places = ", ".join(str(path.relative_to(dbt_dir)) for path in files if path.stem in twice)
        raise DuplicateMetric(f"a metric id must be unique: {places}. Rename one of the files.")
    return _HEAD + "".join(f"        '{path.stem}',\n" for path in files) + _TAIL


def write_metric_models(dbt_dir: Path) -> bool:
    """Update `macros/metric_models.sql`; return true if it changed.

    An up-to-date file is left untouched, so that dbt's partial parsing stays valid.

    Raises:
        DuplicateMetric: Two sections have a metric with the same id.
    """
    target = dbt_dir / "macros" / "metric_models.sql"
    text = metric_models_text(dbt_dir)
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return False
    part = target.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(target)
    return True


def project_dir(settings: Settings) -> Path:
    """Return the dbt project with the seeds of `settings`: the real one, or a folder in the home that links
    to it and to the seeds.

    dbt can't read seeds outside its project: it writes what it ran for a file under that file's path, and
    would overwrite the seed.
    """
    if not settings.own_seeds_dir:
        return settings.dbt_dir
    place = settings.home / "dbt_project"
    seeds = place / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    parts = {Path(name): settings.dbt_dir / name for name in _PARTS}
    parts |= {Path("seeds", file.name): file for file in sorted(settings.own_seeds_dir.glob("*.csv"))}
    own = (settings.dbt_dir / "seeds" / f"{name}.csv" for name in PRODUCT_SEEDS)
    parts |= {Path("seeds", file.name): file for file in own if file.exists()}  # an older revision has none
    for link in seeds.glob("*.csv"):
        if Path("seeds", link.name) not in parts:
            link.unlink(missing_ok=True)
    for name, there in parts.items():
        link = place / name
        if not link.is_symlink() or link.readlink() != there:
            made = link.with_name(f"{link.name}.{os.getpid()}")
            made.symlink_to(there)
            made.replace(link)
    return place


if __name__ == "__main__":
    sys.exit(write_metric_models(Settings().dbt_dir))
