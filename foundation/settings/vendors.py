"""Sections of `company.toml` for single vendors: versions, limits, ids and words of the company's account."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from foundation.settings.environment import EnvSettings
from foundation.settings.types import (
    AccountId,
    Day,
    Days,
    Id,
    Interval,
    Line,
    Months,
    Name,
    Table,
    TimeZone,
    matching,
)

KnownValue = Annotated[
    str,
    matching(r"[a-z_]+\.[a-z_]+: .*\S", "a table, a field and a value such as 'calls.direction: OUTGOING'"),
]


class SourceSection(Table):
    """The section of a source."""

    refresh_every: Interval | None = None
    """How often the source is also read between daily refreshes; None: it is not."""
    known_values: list[KnownValue] = []
    """Values of the vendor's that its documentation does not list and the company has looked at."""


class FilesSection(SourceSection):
    """The section of a source that reads a folder."""


class HubSpotSection(SourceSection):
    api_version: Annotated[
        str, matching(r"v3|20\d\d-(0[1-9]|1[0-2])", "a dated version such as '2026-09', or 'v3'")
    ] = "2026-09"
    """A dated version, or "v3" for the numbered paths, which HubSpot ends in 2027."""
    start_date: Day | None = None
    pipelines: list[Id] = ["default"]
    connected_outcomes: list[Id] = ["f240bbac-87c9-4f6e-bf70-924b57d47db7"]
    decision_maker_property: Id = "hs_buying_role"
    decision_maker_values: list[Line] = ["DECISION_MAKER"]
    first_appointment_types: list[Line] = ["First appointment"]
    coi_meeting_types: list[Line] = ["COI meeting"]
    coi_property: Id = "coi_since"
    mrr_property: Id = "hs_mrr"
    renewal_deal_types: list[Line] = ["renewal"]
    lifecycle_stages: list[Id] = [
        "other",
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
    ]
    """Lifecycle stages of contacts in order, by internal name. A contact in a stage before lead is not a
    lead."""
    disqualified_stages: list[Id] = []
    """Deal stages that are closed but not lost: the win rate leaves them out."""
    stale_after_days: Days = 30
    """An open deal is stale after more days than this without activity or a change of stage."""
    response_days: Annotated[int, Field(ge=1, le=365)] = 14
    """A reply counts only within this many days."""
    warm_list: Line | None = None

    @field_validator("lifecycle_stages")
    @classmethod
    def _has_a_lead(cls, value: list[str]) -> list[str]:
        funnel = {"lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"}
        if not funnel & {stage.strip().lower() for stage in value}:
            raise ValueError(f"lifecycle_stages must contain at least one of {', '.join(sorted(funnel))}")
        return value


class AutotaskQueues(EnvSettings):
    # NoDecode: the variable is "29680010" or "29680010,29680011", not JSON
    reactive_queue_ids: Annotated[list[int] | None, NoDecode, Field(alias="AUTOTASK_ROC_BOARD_ID")] = None

    @field_validator("reactive_queue_ids", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", value):
            raise ValueError("expected queue ids separated by commas, such as 29680010,29680011")
        return [int(part) for part in value.split(",")] if isinstance(value, str) else value


class AutotaskSection(SourceSection):
    start_date: Day | None = None
    reactive_queue_ids: list[int] = []
    complete_status_ids: list[int] = [5]
    time_off_codes: list[Line] = []


class SmartleadSection(SourceSection):
    client_id: int | None = None
    history_days: Days = 28
    """How far back the first run reads single e-mails."""
    queue_statuses: list[Line] = ["ACTIVE", "DRAFTED"]
    """Campaign statuses whose leads without an e-mail wait in the queue; drafts hold what is staged."""
    count_sub_campaigns: bool = True
    """Whether leads of sub-campaigns count; false if the parent campaign holds the same leads."""
    runway_days: Annotated[int, Field(ge=1, le=90)] = 14
    """Days that the mean number of new leads per sending day looks back."""


class MicrosoftGraphSection(SourceSection):
    cloud: Literal["global", "us_government", "us_government_dod", "china"] = "global"
    tenants: dict[Id, Line] = {}
    """Tenant id or domain -> the name people use. Read in addition to those of MICROSOFT_TENANT_ID."""


class AdPlatformSection(SourceSection):
    """What the sections of all ad platforms have."""

    account_ids: list[AccountId] = []
    """Ad accounts that count; empty: all that the credentials can read."""
    start_date: Day | None = None
    """First day of spend; None: 36 months before the first load."""
    restated_days: Annotated[int, Field(ge=1, le=366)] = 30
    """Days for which the platform still changes its numbers; every run pulls them again."""

    @field_validator("account_ids", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        # people omit the quotes
        return (
            [str(item) if isinstance(item, int) else item for item in value]
            if isinstance(value, list)
            else value
        )


class GoogleAdsSection(AdPlatformSection):
    api_version: Annotated[str, matching(r"v\d+", "a version such as 'v25'")] = "v25"
    operations_a_day: Annotated[int, Field(ge=1)] = 2_880


class MetaAdsSection(AdPlatformSection):
    api_version: Annotated[str, matching(r"v\d+\.\d+", "a version such as 'v25.0'")] = "v25.0"
    conversion_actions: list[Id] = ["lead"]
    campaign_statuses: list[Line] = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "IN_PROCESS", "WITH_ISSUES"]


class LinkedInAdsSection(AdPlatformSection):
    api_version: Annotated[str, matching(r"20\d\d(0[1-9]|1[0-2])", "a version such as '202606'")] = "202606"
    time_zone: TimeZone = "UTC"
    conversion_metrics: list[Id] = ["externalWebsiteConversions", "oneClickLeads"]


class DattoRmmSection(SourceSection):
    hosted_antivirus: list[Line] = []
    """Products that count as ours, as Datto RMM names them; empty: every product counts."""
    active_days: Days = 30
    """Devices not seen for more days than this count nowhere."""
    udf_slot: Annotated[int, Field(ge=1, le=300)] | None = None
    """The only user-defined field to store. None: store none, because they often hold secrets."""


class DattoBcdrSection(SourceSection):
    good_statuses: list[Line] = ["success"]
    """Words that report a good backup."""
    continuity_service_plans: list[Line] = []
    """Service plans of the devices that count as continuity; empty: all."""
    seats_every_days: Annotated[int, Field(ge=0, le=366)] = 1
    """Days between two reads of the slow lists of SaaS seats; 0: never."""


class ZendeskSection(SourceSection):
    start_date: Day | None = None
    open_statuses: list[Literal["new", "open", "pending", "hold"]] = ["new", "open", "pending", "hold"]
    excluded_channels: list[Line] = ["sample_ticket"]
    exports_per_minute: Annotated[int, Field(gt=0)] = 10
    requests_per_minute: Annotated[int, Field(gt=0)] = 200
    page_size: Annotated[int, Field(gt=0, le=1000)] = 1000


class IntercomSection(SourceSection):
    region: Literal["us", "eu", "au"] = "us"
    api_version: Annotated[str, matching(r"\d+\.\d+|Preview|Unstable", "a version such as '2.14'")] = "2.14"
    start_date: Day | None = None
    open_states: list[Literal["open", "snoozed"]] = ["open", "snoozed"]
    counted_deliveries: list[Line] = ["customer_initiated"]
    count_ai_only: bool = False
    requests_per_10_seconds: Annotated[int, Field(gt=0)] = 166


class QuickBooksSection(SourceSection):
    accounting_method: Literal["Accrual", "Cash"] = "Accrual"
    report_months: Months = 13
    """Months of the reports that each run reads again."""
    history_months: Months = 36
    """Months of the reports that the first run reads."""


class BillcomSection(SourceSection):
    connected_network_statuses: list[Line] = ["CONNECTED", "CONNECTED_RPPS"]
    """Statuses of vendors that can be paid electronically."""
    no_bank_account_statuses: list[Line] = ["NO_ACCOUNT", "UNDEFINED"]
    """Statuses of vendors without a known bank account."""
    paper_payment_methods: list[Line] = ["CHECK"]
    """Payment methods that are not electronic."""


class CopperSection(SourceSection):
    start_date: Day | None = None
    activity_days: Annotated[int, Field(ge=1, le=90)] = 14
    """Days of activities that every run pulls again; once a week it is 90."""
    date_order: Literal["mdy", "dmy"] = "mdy"
    call_types: list[Line] = ["Phone Call", "Call"]
    email_types: list[Line] = ["Email"]
    stage_a_ids: list[int] = []
    stage_b_ids: list[int] = []
    stage_c_ids: list[int] = []
    sale_type_field_id: int | None = None
    wholesale_option_ids: list[int] = []
    distribution_option_ids: list[int] = []
    same_call_seconds: Annotated[int, Field(ge=0, le=3600)] = 120
    """A call logged in Copper is one of the phone system if person and number are the same and the starts
    differ by at most this."""


class JustCallSection(SourceSection):
    start_date: Day | None = None
    days: Annotated[int, Field(ge=1, le=90)] = 7
    """Days of calls that every run pulls again."""
    time_zone: TimeZone | None = None
    """Time zone of the account; None: the company's."""
    requests_per_minute: Annotated[int, Field(ge=1)] = 30
    requests_per_hour: Annotated[int, Field(ge=1)] = 1_800
    sales_dialer: bool = False

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None


class SimpleFinSection(SourceSection):
    protocol_version: Literal[1, 2] = 2
    stale_after_days: Days = 3
    cash_accounts: list[Line] = []
    """Accounts that are cash: organisation/name as the doctor lists them, or an id if two accounts share a
    name."""

    @field_validator("cash_accounts")
    @classmethod
    def _organisation_and_name(cls, value: list[str]) -> list[str]:
        for account in value:
            if not all(part.strip() for part in account.partition("/")) and not re.fullmatch(
                r"[A-Za-z]+-[\w-]+", account
            ):
                raise ValueError(
                    f"{account!r} is not an account, expected organisation/name or an id as `scoreline"
                    " doctor` lists it"
                )
        return value


class WarehouseQuery(Table):
    """A figure from the company's warehouse: SQL that returns `value` and optionally `category` and `day`, or
    a table and its columns."""

    name: Name
    sql: str | None = None
    table: Line | None = None
    value: Line | None = None
    category: Line | None = None
    day: Line | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> WarehouseQuery:
        named = [self.table, self.value, self.category, self.day, self.where]
        if (self.sql is not None) == any(named) or (self.sql is None and not (self.table and self.value)):
            raise ValueError("give either sql, or table and value (and optionally category, day, where)")
        return self


def _named_once(queries: list[Any]) -> list[Any]:
    names = [query.name for query in queries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"the name {', '.join(twice)} is used twice; each query needs its own name")
    return queries


class CompanyWarehouseSection(SourceSection):
    queries: Annotated[list[WarehouseQuery], AfterValidator(_named_once)] = []


class MongoQuery(Table):
    """A figure from MongoDB: the paths of the value, its category and its day in the documents of a
    collection. Dots separate the levels of a path."""

    name: Name
    collection: Line
    value: Line
    category: Line | None = None
    day: Line | None = None
    filter: dict[str, Any] = {}
    latest: bool = False
    """Read only the documents of the newest day."""

    @model_validator(mode="after")
    def _latest_needs_a_day(self) -> MongoQuery:
        if self.latest and not self.day:
            raise ValueError("latest = true needs day: the path of the day in a document")
        return self


class MongoSection(SourceSection):
    queries: Annotated[list[MongoQuery], AfterValidator(_named_once)] = []
