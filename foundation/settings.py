"""Settings: what the environment and `.env` say (secrets, addresses, the clock) and what `company.toml` says
(everything else).

Nothing is read at import. `Settings()` reads the environment when it is made; `load_company()` reads the file
when it is called. The environment wins over `.env`. `SCORELINE_ENV_FILE` names another `.env` (tests use it
to stand apart from yours).
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from foundation.env_file import check_env_file
from foundation.errors import SettingsError as SettingsError
from foundation.setting_types import (
    AccountId,
    Currency,
    Day,
    Days,
    Id,
    Line,
    MailAddress,
    Months,
    Name,
    Sender,
    TimeZone,
    WebAddress,
    WebAddressOrEmpty,
    matching,
)
from foundation.text import read_text

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def env_file() -> Path:
    """The `.env` that is read besides the environment: what SCORELINE_ENV_FILE names, else the project's."""
    return Path(os.environ.get("SCORELINE_ENV_FILE") or PROJECT_ROOT / ".env")


def _check_env_file() -> None:
    try:
        check_env_file(env_file())
    except FileNotFoundError:
        if os.environ.get("SCORELINE_ENV_FILE"):
            raise SettingsError(
                f"SCORELINE_ENV_FILE: {env_file()} does not exist. Correct the path, or unset the variable."
            ) from None


class EnvSettings(BaseSettings):
    """Base of every class that reads the environment: `.env` at call time, unknown names ignored, no secret
    in an error."""

    # utf-8-sig: editors on Windows write a byte order mark, which would become a part of the first name
    model_config = SettingsConfigDict(
        extra="ignore", hide_input_in_errors=True, env_ignore_empty=True, env_file_encoding="utf-8-sig"
    )

    def __init__(self, **values: Any) -> None:
        _check_env_file()
        try:
            super().__init__(_env_file=env_file(), **values)
        except ValidationError as error:
            prefix = self.model_config.get("env_prefix", "")
            faults = "; ".join(
                f"{(prefix + '_'.join(map(str, e['loc']))).upper()}: {_said(e)}"
                for e in error.errors(include_input=False)
            )
            raise SettingsError(f"{faults}. Set it in the environment or in {env_file()}.") from None


def _said(error: Any) -> str:
    """What is wrong, without pydantic's preamble."""
    return str(error["msg"]).removeprefix("Value error, ")


class Settings(EnvSettings):
    """Places, addresses and the clock. One instance per run; pass it on instead of reading the environment
    again."""

    home: Annotated[Path, Field(alias="SCORELINE_HOME")] = PROJECT_ROOT / "var"
    company_file: Annotated[Path, Field(alias="SCORELINE_COMPANY_FILE")] = PROJECT_ROOT / "company.toml"
    manual_dir: Annotated[Path, Field(alias="SCORELINE_MANUAL_DIR")] = PROJECT_ROOT / "manual_entries"
    ad_spend_dir: Annotated[Path, Field(alias="SCORELINE_AD_SPEND_DIR")] = PROJECT_ROOT / "ad_spend"
    dbt_dir: Annotated[Path, Field(alias="SCORELINE_DBT_DIR")] = PROJECT_ROOT / "dbt_project"
    own_seeds_dir: Annotated[Path | None, Field(alias="SCORELINE_SEEDS_DIR")] = None
    """Where the seeds are, if not in the dbt project."""
    as_of: Annotated[datetime | None, Field(alias="SCORELINE_AS_OF")] = None
    sandbox_url: Annotated[WebAddress | None, Field(alias="SANDBOX_URL")] = None
    smtp_url: Annotated[SecretStr | None, Field(alias="SMTP_URL")] = None

    @field_validator("as_of")
    @classmethod
    def _instant(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone, for example 2025-10-27T07:00:00-05:00")
        return value

    @field_validator("home", "company_file", "manual_dir", "ad_spend_dir", "dbt_dir", "own_seeds_dir")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().resolve()

    def now(self) -> datetime:
        """The clock of every layer, in UTC: `SCORELINE_AS_OF` where it is set, else the present. Nothing else
        reads the clock."""
        return (self.as_of or datetime.now(UTC)).astimezone(UTC)

    @property
    def seeds_dir(self) -> Path:
        """people.csv, scorecard_lines.csv, goals.csv, holidays.csv and approved_offers.csv, the company's
        own."""
        return self.own_seeds_dir or self.dbt_dir / "seeds"

    @property
    def warehouse_path(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def published_path(self) -> Path:
        return self.home / "published" / "scoreline.duckdb"

    @property
    def site_dir(self) -> Path:
        return self.home / "site"

    @property
    def outbox_dir(self) -> Path:
        return self.home / "outbox"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def dlt_dir(self) -> Path:
        return self.home / "dlt"

    @property
    def backups_dir(self) -> Path:
        """A folder per day: the warehouse and the ledger of deliveries as they were."""
        return self.home / "backups"

    @property
    def deliveries_path(self) -> Path:
        """SQLite file: which mail went to whom, and which alerts were told."""
        return self.home / "deliveries.sqlite"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CompanySection(_Table):
    name: Line
    time_zone: TimeZone
    currency: Currency


class CalendarSection(_Table):
    week_starts_on: Literal["monday"] = "monday"
    quarter_rule: Literal["13-week"] = "13-week"
    business_day_start: time = time(8)
    business_day_end: time = time(17)

    @field_validator("business_day_start", "business_day_end", mode="before")
    @classmethod
    def _clock_time(cls, value: Any) -> Any:
        try:
            found = time.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError(f"{value!r} is not a time of day, expected HH:MM such as '08:00'") from None
        if not isinstance(found, time) or found.tzinfo:
            raise ValueError(f"{value!r} is not a local time of day, expected HH:MM such as '08:00'")
        return found

    @model_validator(mode="after")
    def _forwards(self) -> CalendarSection:
        if self.business_day_start >= self.business_day_end:
            raise ValueError(
                f"business_day_start ({self.business_day_start:%H:%M}) is not before business_day_end"
                f" ({self.business_day_end:%H:%M})"
            )
        return self


class BackupSection(_Table):
    keep: Annotated[int, Field(ge=0)] = 3
    """Daily backups that are kept; 0: none are made."""


class HubSpotSection(_Table):
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


class _AutotaskQueues(EnvSettings):
    # NoDecode: the variable is "29680010" or "29680010,29680011", not JSON
    reactive_queue_ids: Annotated[list[int] | None, NoDecode, Field(alias="AUTOTASK_ROC_BOARD_ID")] = None

    @field_validator("reactive_queue_ids", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", value):
            raise ValueError("expected a queue id, or several with commas between, such as 29680010,29680011")
        return [int(part) for part in value.split(",")] if isinstance(value, str) else value


class AutotaskSection(_Table):
    start_date: Day | None = None
    reactive_queue_ids: list[int] = []
    complete_status_ids: list[int] = [5]
    time_off_codes: list[Line] = []


class SmartleadSection(_Table):
    client_id: int | None = None
    history_days: Days = 28
    """How far back the first run reads single e-mails."""
    queue_statuses: list[Line] = ["ACTIVE", "DRAFTED"]
    """Statuses of campaigns whose leads without an e-mail wait in the queue; drafts hold what is staged."""
    count_sub_campaigns: bool = True
    """Whether the leads of sub-campaigns count; false where the parent campaign holds the same leads."""
    runway_days: Annotated[int, Field(ge=1, le=90)] = 14
    """So many days back go into the mean number of new leads per sending day."""


class SalesSection(_Table):
    crm: Literal["hubspot", "copper"] | None = None
    """The CRM of the sales pages; None: HubSpot, or Copper where HubSpot is not connected."""
    dropped_lead_statuses: list[Line] = ["UNQUALIFIED"]
    """Lead statuses of contacts that will go no further: in the funnel they are not still open."""


class SupplySection(_Table):
    email_source: Literal["smartlead", "hubspot"] | None = None
    """Whose e-mails the open and reply rates are of; None: Smartlead's, or HubSpot's where Smartlead is not
    connected."""


class MicrosoftGraphSection(_Table):
    cloud: Literal["global", "us_government", "us_government_dod", "china"] = "global"
    tenants: dict[Id, Line] = {}
    """Tenant id or domain -> the name people know it by. Read besides those of MICROSOFT_TENANT_ID."""


class _AdPlatformSection(_Table):
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


class MarketingSection(_Table):
    campaign_mail_types: list[Line] = ["BATCH_EMAIL", "AB_EMAIL", "LOCALTIME_EMAIL"]
    """Kinds of HubSpot's marketing mails that are campaigns; what an automation sends is none, whatever its
    kind."""
    mql_query: str = ""
    """Query of the company's own database (value and day) that tells the marketing qualified leads where
    HubSpot is not connected."""
    sql_query: str = ""
    """The same for the sales qualified leads."""

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, data: Any) -> Any:
        if isinstance(data, dict) and "automated_mail_types" in data:
            raise ValueError(
                "automated_mail_types no longer exists: remove it, and list the kinds that are campaigns in"
                " campaign_mail_types"
            )
        return data


class DattoRmmSection(_Table):
    hosted_antivirus: list[Line] = []
    """Products that count as ours, as Datto RMM names them; empty: every product will do."""
    active_days: Days = 30
    """Devices that were not seen for so long count nowhere."""
    udf_slot: Annotated[int, Field(ge=1, le=300)] | None = None
    """The one user-defined field that is stored; None: none, they often hold secrets."""


class DattoBcdrSection(_Table):
    good_statuses: list[Line] = ["success"]
    """Words with which a backup is reported as good."""
    continuity_service_plans: list[Line] = []
    """Service plans of the devices that count as continuity; empty: all."""
    seats_every_days: Annotated[int, Field(ge=0, le=366)] = 1
    """How often the slow lists of SaaS seats are read; 0: never."""


class ZendeskSection(_Table):
    start_date: Day | None = None
    open_statuses: list[Literal["new", "open", "pending", "hold"]] = ["new", "open", "pending", "hold"]
    excluded_channels: list[Line] = ["sample_ticket"]
    exports_per_minute: Annotated[int, Field(gt=0)] = 10
    requests_per_minute: Annotated[int, Field(gt=0)] = 200
    page_size: Annotated[int, Field(gt=0, le=1000)] = 1000


class IntercomSection(_Table):
    region: Literal["us", "eu", "au"] = "us"
    api_version: Annotated[str, matching(r"\d+\.\d+|Preview|Unstable", "a version such as '2.14'")] = "2.14"
    start_date: Day | None = None
    open_states: list[Literal["open", "snoozed"]] = ["open", "snoozed"]
    counted_deliveries: list[Line] = ["customer_initiated"]
    count_ai_only: bool = False
    requests_per_10_seconds: Annotated[int, Field(gt=0)] = 166


class QuickBooksSection(_Table):
    accounting_method: Literal["Accrual", "Cash"] = "Accrual"
    report_months: Months = 13
    """Months of the reports that each run reads again."""
    history_months: Months = 36
    """Months of the reports that the first run reads."""


class BillcomSection(_Table):
    connected_network_statuses: list[Line] = ["CONNECTED", "CONNECTED_RPPS"]
    """Vendors with one of them can be paid electronically."""
    no_bank_account_statuses: list[Line] = ["NO_ACCOUNT", "UNDEFINED"]
    """Statuses that say that no bank account is known."""
    paper_payment_methods: list[Line] = ["CHECK"]
    """Ways to be paid that are not electronic."""


class AccountingSection(_Table):
    w9_source: Literal["quickbooks", "billcom"] | None = None
    """Where to look up whether a vendor's W-9 is there; None: QuickBooks, or Bill.com where QuickBooks is not
    connected."""


class CopperSection(_Table):
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


class JustCallSection(_Table):
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


class SimpleFinSection(_Table):
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


class WarehouseQuery(_Table):
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


class CompanyWarehouseSection(_Table):
    queries: Annotated[list[WarehouseQuery], AfterValidator(_named_once)] = []


class MongoQuery(_Table):
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


class MongoSection(_Table):
    queries: Annotated[list[MongoQuery], AfterValidator(_named_once)] = []


class PagesSection(_Table):
    enabled: list[Id] | None = None
    """Names of files in reports/pages; None: every page that has lines."""
    site_url: WebAddressOrEmpty = ""
    lines: dict[Id, list[Id]] = {}
    """Page -> the sections and lines (`section.metric`) on it; a page that is not named here has those of its
        file."""
    history_weeks: Annotated[int, Field(ge=1, le=5_000)] | None = None
    """Pages and receipts of so many finished weeks; None: of all."""
    contact_names: bool = False
    """Whether there are pages with names of contacts, in the site's folder `restricted/`. Elsewhere contacts
    never have names."""
    site_mode: Annotated[str, Field(pattern=r"^06[04][04]$")] = "0600"
    """Permissions of the site's files: "0640" and "0644" let a web server's group or user read them."""


ReportName = Literal["weekly_scorecard", "daily_digest", "friday_preview"]
"""What goes out by mail."""


class Subscription(_Table):
    report: ReportName
    to: Annotated[list[MailAddress], Field(min_length=1)]
    sections: list[Id] = []
    """Sections and lines that these recipients get; empty: those of the scorecard page, without the
    confidential ones."""
    pages: list[Id] = []
    """Pages whose lines they get as well."""


class MailSection(_Table):
    sender: Sender = Field(alias="from")
    operator: MailAddress
    confidential: list[Id] = []
    """Sections and lines that only go to those whose subscription names them, or a page with them."""
    subscriptions: list[Subscription] = []


class CredentialsSection(_Table):
    rotate_after_days: Days = 365
    """The doctor warns of credentials that have stayed the same for more days than this."""


class Company(_Table):
    """`company.toml`, validated."""

    company: CompanySection
    calendar: CalendarSection = CalendarSection()
    backup: BackupSection = BackupSection()
    hubspot: HubSpotSection = HubSpotSection()
    autotask: AutotaskSection = AutotaskSection()
    microsoft_graph: MicrosoftGraphSection = MicrosoftGraphSection()
    smartlead: SmartleadSection = SmartleadSection()
    google_ads: GoogleAdsSection = GoogleAdsSection()
    meta_ads: MetaAdsSection = MetaAdsSection()
    linkedin_ads: LinkedInAdsSection = LinkedInAdsSection()
    marketing: MarketingSection = MarketingSection()
    datto_rmm: DattoRmmSection = DattoRmmSection()
    datto_bcdr: DattoBcdrSection = DattoBcdrSection()
    zendesk: ZendeskSection = ZendeskSection()
    intercom: IntercomSection = IntercomSection()
    quickbooks: QuickBooksSection = QuickBooksSection()
    billcom: BillcomSection = BillcomSection()
    sales: SalesSection = SalesSection()
    supply: SupplySection = SupplySection()
    accounting: AccountingSection = AccountingSection()
    copper: CopperSection = CopperSection()
    justcall: JustCallSection = JustCallSection()
    simplefin: SimpleFinSection = SimpleFinSection()
    company_warehouse: CompanyWarehouseSection = CompanyWarehouseSection()
    mongodb: MongoSection = MongoSection()
    pages: PagesSection = PagesSection()
    mail: MailSection
    credentials: CredentialsSection = CredentialsSection()

    @model_validator(mode="after")
    def _queries_exist(self) -> Company:
        queries: list[WarehouseQuery | MongoQuery] = [*self.company_warehouse.queries, *self.mongodb.queries]
        names = {query.name for query in queries}
        for key in ("mql_query", "sql_query"):
            name = getattr(self.marketing, key)
            if name and name not in names:
                raise ValueError(
                    f"marketing.{key} is {name!r}, but no query has that name; there are:"
                    f" {', '.join(sorted(names)) or 'none'}"
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.time_zone)


def load_company(settings: Settings) -> Company:
    """Read `company.toml`.

    Raises:
        SettingsError: the file is missing, is no TOML, or a value is wrong; names the file, the key and what
        is expected.
    """
    path = settings.company_file
    try:
        values = tomllib.loads(read_text(path))
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: not found. Copy the project's company.toml or set SCORELINE_COMPANY_FILE."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    if (queues := _AutotaskQueues().reactive_queue_ids) and isinstance(
        values.setdefault("autotask", {}), dict
    ):
        values["autotask"]["reactive_queue_ids"] = queues
    try:
        return Company.model_validate(values)
    except ValidationError as error:
        faults = dict.fromkeys(f"  {_fault(e)}" for e in error.errors())
        raise SettingsError(f"{path}:\n" + "\n".join(faults)) from None


def _fault(error: Any) -> str:
    """The key of a wrong value and what is expected."""
    place = [str(part) for part in error["loc"]]
    text = _said(error)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _keys(place[:-1]), 1)
        text = "unknown key" + (f"; did you mean {near[0]}?" if near else "")
    elif error["type"].startswith("date_"):
        text = f"{str(error['input'])[:80]!r} is not a valid date, expected YYYY-MM-DD"
    elif error["type"] not in ("value_error", "missing"):
        text += f", got {str(error['input'])[:80]!r}"
    return f"{'.'.join(place)}: {text}" if place else text


def _keys(place: list[str]) -> list[str]:
    """The keys that company.toml may have at a place."""
    model: Any = Company
    for part in place:
        kinds = get_args(model) or (model,)  # of a list, its elements
        table = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if table is None:
            return []
        model = (
            table
            if part.isdigit()
            else next(
                (f.annotation for name, f in table.model_fields.items() if part in (name, f.alias)), None
            )
        )
    table = model if isinstance(model, type) and issubclass(model, BaseModel) else None
    return [field.alias or name for name, field in table.model_fields.items()] if table else []
