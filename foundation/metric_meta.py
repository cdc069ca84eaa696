"""What the `.yml` of a metric says under `config: meta:`.

`scoreline check` and every build compare the files with this class, and `docs/metrics.md` lists its fields.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_UNIT = r"count|money|percent|minutes|hours|days"


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank")
    return value


def _two_numbers(value: str) -> str:
    if len(re.findall(rf"\{{(?:{_UNIT})\}}", value)) != 2:
        raise ValueError(
            f"{value!r} is not valid, expected two units in braces such as '{{money}} / {{count}} MQLs'"
        )
    return value


Text = Annotated[str, AfterValidator(_filled)]
Names = Annotated[list[Text], Field(min_length=1)]


class MetricMeta(BaseModel):
    """The definition of a metric. The fields without a default are required."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Text = Field(description="its name on pages and in mails")
    unit: Literal["count", "money", "percent", "minutes", "hours", "days"] = Field(
        description="what its numbers are"
    )
    aggregation: Literal["sum", "ratio", "mean", "median", "last", "last_ratio"] = Field(
        description="how its records become one number, see [Aggregations](#aggregations)"
    )
    direction: Literal["up", "down", "hold", "none"] = Field(
        description="which way is better; `hold`: to stay as it is; `none`: neither"
    )
    cadence: Literal["week", "month", "quarter"] = Field(description="the period of its numbers and goals")
    sources: Names = Field(description="the sources whose records it counts")
    distinct_for_team: bool = Field(description="whether a record of several people counts once for the team")
    definition: Text = Field(description="what it counts")
    why: Text = Field(description="why it matters")
    calculation: Text = Field(description="how it is computed")
    benchmark: Text = Field(description="what other companies reach, or that nobody knows")
    edge_cases: Text = Field(description="what does not count, and what surprises")
    any_source: bool = Field(
        False,
        description="`true`: one connected source of `sources` is enough; otherwise it needs all of them",
    )
    source_groups: list[Names] | None = Field(
        None, description="with `any_source`: lists of sources; it needs one of each list"
    )
    one_of: Text | None = Field(
        None,
        description="the choice, of `int_sources__chosen.sql`, that says which one of several systems"
        " counts, such as `crm`",
    )
    figures: Names | None = Field(
        None,
        description="the queries of `company.toml` that it reads; a name with a dot is the setting that"
        " names the query",
    )
    needs_records: bool = Field(
        False, description="`true`: a period without any record has no number; otherwise it is 0"
    )
    signed: bool = Field(False, description="`true`: a sum whose amounts can be negative")
    dated: bool = Field(
        False,
        description="`true`: its records say when they were true; the model has the column `true_at`",
    )
    parts: Annotated[str, AfterValidator(_two_numbers)] | None = Field(
        None,
        description="the two numbers of a ratio that is not a share: `{money} / {count} MQLs`",
    )
    segment: Text | None = Field(
        None,
        description="what the model's column `segment` holds, such as `client`: one more way to explain"
        " why the number moved",
    )
    not_needed: dict[str, Text] | None = Field(
        None,
        description="raw tables without which the number is still right, each with the reason; any"
        " model can have it",
    )
