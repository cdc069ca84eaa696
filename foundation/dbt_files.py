"""Files of the dbt project that are written by a tool: the list of metric models.

dbt must see every `ref` when it parses, so the union of all metrics can't find them by itself. `write_metric_models` writes the
list that the union loops over; it runs before each build, and a test holds the committed file equal to it.
Alone: `python -m foundation.dbt_files` (exit code 1 when the file had to be changed).
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from foundation.settings import Settings

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
    """Two files under models/metrics have one name; the text names them."""


def metric_models_text(dbt_dir: Path) -> str:
    """The text of `macros/metric_models.sql` for the metric models that `dbt_dir` holds now, sorted by name.

    Raises:
        DuplicateMetric: a metric id stands twice, in two sections.
    """
    files = sorted((dbt_dir / "models" / "metrics").rglob("*.sql"), key=lambda path: (path.stem, path))
    twice = [name for name, count in Counter(path.stem for path in files).items() if count > 1]
    if twice:
        places = ", ".join(str(path.relative_to(dbt_dir)) for path in files if path.stem in twice)
        raise DuplicateMetric(f"a metric id must be unique: {places}. Rename one of the files.")
    return _HEAD + "".join(f"        '{path.stem}',\n" for path in files) + _TAIL


def write_metric_models(dbt_dir: Path) -> bool:
    """Bring `macros/metric_models.sql` up to date; true when it had to be changed.

    An up-to-date file is left untouched, so that dbt's partial parsing stays valid.

    Raises:
        DuplicateMetric: a metric id stands twice, in two sections.
    """
    target = dbt_dir / "macros" / "metric_models.sql"
    text = metric_models_text(dbt_dir)
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return False
    part = target.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(target)
    return True


if __name__ == "__main__":
    sys.exit(write_metric_models(Settings().dbt_dir))
