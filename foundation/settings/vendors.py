"""Sections of `company.toml` for single vendors: versions, limits, and the ids and words of the company's account."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from foundation.settings.environment import EnvSettings
from foundation.settings.types import AccountId, Day, Days, Id, Line, Months, Name, Table, TimeZone, matching


class HubSpotSection(Table):
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
    """Lifecycle stages of contacts in their order, by internal name: who is in one before lead is no lead."""
    disqualified_stages: list[Id] = []
    """Deal stages that are closed without having been lost: they are no part of the win rate."""
    stale_after_days: Days = 30
    """An open deal without activity or change of stage for more days than this is stale."""
    response_days: Annotated[int, Field(ge=1, le=365)] = 14
    """A reply that takes longer than this is none."""
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
            raise ValueError("expected a queue id, or several with commas between, such as 29680010,29680011")
        return [int(part) for part in value.split(",")] if isinstance(value, str) else value


class AutotaskSection(Table):
    start_date: Day | None = None
    reactive_queue_ids: list[int] = []
    complete_status_ids: list[int] = [5]
    time_off_codes: list[Line] = []


class SmartleadSection(Table):
    client_id: int | None = None
    history_days: Days = 28
    """How far back the first run reads single e-mails."""
    queue_statuses: list[Line] = ["ACTIVE", "DRAFTED"]
    """Statuses of campaigns whose leads without an e-mail wait in the queue; drafts hold what is staged."""
    count_sub_campaigns: bool = True
    """Whether the leads of sub-campaigns count; false where the parent campaign holds the same leads."""
    runway_days: Annotated[int, Field(ge=1, le=90)] = 14
    """So many days back go into the mean number of new leads per sending day."""


class MicrosoftGraphSection(Table):
    cloud: Literal["global", "us_government", "us_government_dod", "china"] = "global"
    tenants: dict[Id, Line] = {}
    """Tenant id or domain -> the name people know it by. Read besides those of MICROSOFT_TENANT_ID."""


class _AdPlatformSection(Table):
    account_ids: list[AccountId] = []
    """Ad accounts that count; empty: every one that the credentials reach."""
    start_date: Day | None = None
    """First day of spend; None: 36 months before the first load."""
    restated_days: Annotated[int, Field(ge=1, le=366)] = 30
    """So many days back the platform still changes its numbers: they are pulled again by every run."""

    @field_validator("account_ids", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        # people leave out the quotes
        return (
            [str(item) if isinstance(item, int) else item for item in value]
            if isinstance(value, list)
            else value
        )


class GoogleAdsSection(_AdPlatformSection):
    api_version: Annotated[str, matching(r"v\d+", "a version such as 'v25'")] = "v25"
    operations_a_day: Annotated[int, Field(ge=1)] = 2_880


class MetaAdsSection(_AdPlatformSection):
    api_version: Annotated[str, matching(r"v\d+\.\d+", "a version such as 'v25.0'")] = "v25.0"
    conversion_actions: list[Id] = ["lead"]
    campaign_statuses: list[Line] = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "IN_PROCESS", "WITH_ISSUES"]


class LinkedInAdsSection(_AdPlatformSection):
    api_version: Annotated[str, matching(r"20\d\d(0[1-9]|1[0-2])", "a version such as '202606'")] = "202606"
    time_zone: TimeZone = "UTC"
    conversion_metrics: list[Id] = ["externalWebsiteConversions", "oneClickLeads"]


class DattoRmmSection(Table):
    hosted_antivirus: list[Line] = []
    """Products that count as ours, as Datto RMM names them; empty: every product will do."""
    active_days: Days = 30
    """Devices that were not seen for so long count nowhere."""
    udf_slot: Annotated[int, Field(ge=1, le=300)] | None = None
    """The one user-defined field that is stored; None: none, they often hold secrets."""


class DattoBcdrSection(Table):
    good_statuses: list[Line] = ["success"]
    """Words with which a backup is reported as good."""
    continuity_service_plans: list[Line] = []
    """Service plans of the devices that count as continuity; empty: all."""
    seats_every_days: Annotated[int, Field(ge=0, le=366)] = 1
    """How often the slow lists of SaaS seats are read; 0: never."""


class ZendeskSection(Table):
    start_date: Day | None = None
    open_statuses: list[Literal["new", "open", "pending", "hold"]] = ["new", "open", "pending", "hold"]
    excluded_channels: list[Line] = ["sample_ticket"]
    exports_per_minute: Annotated[int, Field(gt=0)] = 10
    requests_per_minute: Annotated[int, Field(gt=0)] = 200
    page_size: Annotated[int, Field(gt=0, le=1000)] = 1000


class IntercomSection(Table):
    region: Literal["us", "eu", "au"] = "us"
    api_version: Annotated[str, matching(r"\d+\.\d+|Preview|Unstable", "a version such as '2.14'")] = "2.14"
    start_date: Day | None = None
    open_states: list[Literal["open", "snoozed"]] = ["open", "snoozed"]
    counted_deliveries: list[Line] = ["customer_initiated"]
    count_ai_only: bool = False
    requests_per_10_seconds: Annotated[int, Field(gt=0)] = 166


class QuickBooksSection(Table):
    accounting_method: Literal["Accrual", "Cash"] = "Accrual"
    report_months: Months = 13
    """Months of the reports that each run reads again."""
    history_months: Months = 36
    """Months of the reports that the first run reads."""


class BillcomSection(Table):
    connected_network_statuses: list[Line] = ["CONNECTED", "CONNECTED_RPPS"]
    """Vendors with one of them can be paid electronically."""
    no_bank_account_statuses: list[Line] = ["NO_ACCOUNT", "UNDEFINED"]
    """Statuses that say that no bank account is known."""
    paper_payment_methods: list[Line] = ["CHECK"]
    """Ways to be paid that are not electronic."""


class CopperSection(Table):
    start_date: Day | None = None
    activity_days: Annotated[int, Field(ge=1, le=90)] = 14
    """So many days back activities are pulled again by every run; once a week it is 90."""
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
    """A call logged here is one of the phone system's if the person and the number are the same and it starts
    within so many seconds."""


class JustCallSection(Table):
    start_date: Day | None = None
    days: Annotated[int, Field(ge=1, le=90)] = 7
    """So many days back calls are pulled again by every run."""
    time_zone: TimeZone | None = None
    """Of the account; None: the company's."""
    requests_per_minute: Annotated[int, Field(ge=1)] = 30
    requests_per_hour: Annotated[int, Field(ge=1)] = 1_800
    sales_dialer: bool = False

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None


class SimpleFinSection(Table):
    protocol_version: Literal[1, 2] = 2
    stale_after_days: Days = 3
    cash_accounts: list[Line] = []
    """Accounts that are cash: organisation and name, as the doctor lists them, or an id where two accounts
    have one name."""

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
    """A figure out of the company's warehouse: SQL that returns `value` and perhaps `category` and `day`, or
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
            raise ValueError("give either sql, or table and value (and perhaps category, day, where)")
        return self


def _named_once(queries: list[Any]) -> list[Any]:
    names = [query.name for query in queries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"the name {', '.join(twice)} is used twice; a query needs a name of its own")
    return queries


class CompanyWarehouseSection(Table):
    queries: Annotated[list[WarehouseQuery], AfterValidator(_named_once)] = []


class MongoQuery(Table):
    """A figure out of MongoDB: where in the documents of a collection the value, its category and its day
    stand; dots lead deeper."""

    name: Name
    collection: Line
    value: Line
    category: Line | None = None
    day: Line | None = None
    filter: dict[str, Any] = {}
    latest: bool = False
    """Only the documents of the newest day."""

    @model_validator(mode="after")
    def _latest_needs_a_day(self) -> MongoQuery:
        if self.latest and not self.day:
            raise ValueError("latest = true needs day: where the day of a document stands")
        return self


class MongoSection(Table):
    queries: Annotated[list[MongoQuery], AfterValidator(_named_once)] = []
