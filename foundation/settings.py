"""Settings: what the environment and `.env` say (secrets, addresses, the clock) and what `company.toml` says (everything else).

Nothing is read at import. `Settings()` reads the environment when it is made; `load_company()` reads the file when it is called.
The environment wins over `.env`. `SCORELINE_ENV_FILE` names another `.env` (tests use it to stand apart from yours).
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from foundation.errors import SettingsError as SettingsError
from foundation.text import read_text

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def env_file() -> Path:
    """The `.env` that is read besides the environment."""
    return Path(os.environ.get("SCORELINE_ENV_FILE", PROJECT_ROOT / ".env"))


class EnvSettings(BaseSettings):
    """Base of every class that reads the environment: `.env` at call time, unknown names ignored, no secret in an error."""

    # utf-8-sig: editors on Windows write a byte order mark, which would become a part of the first name
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, env_ignore_empty=True, env_file_encoding="utf-8-sig")

    def __init__(self, **values: Any) -> None:
        if env_file().is_file():
            read_text(env_file())  # refuses another encoding by file and line
        try:
            super().__init__(_env_file=env_file(), **values)
        except ValidationError as error:
            prefix = self.model_config.get("env_prefix", "")
            faults = "; ".join(f"{(prefix + '_'.join(map(str, e['loc']))).upper()}: {e['msg']}" for e in error.errors(include_input=False))
            raise SettingsError(f"{faults}. Set it in the environment or in {env_file()}.") from None


class Settings(EnvSettings):
    """Places, addresses and the clock. One instance per run; pass it on instead of reading the environment again."""

    home: Annotated[Path, Field(alias="SCORELINE_HOME")] = PROJECT_ROOT / "var"
    company_file: Annotated[Path, Field(alias="SCORELINE_COMPANY_FILE")] = PROJECT_ROOT / "company.toml"
    manual_dir: Annotated[Path, Field(alias="SCORELINE_MANUAL_DIR")] = PROJECT_ROOT / "manual_entries"
    ad_spend_dir: Annotated[Path, Field(alias="SCORELINE_AD_SPEND_DIR")] = PROJECT_ROOT / "ad_spend"
    dbt_dir: Annotated[Path, Field(alias="SCORELINE_DBT_DIR")] = PROJECT_ROOT / "dbt_project"
    own_seeds_dir: Annotated[Path | None, Field(alias="SCORELINE_SEEDS_DIR")] = None
    """Where the seeds are, if not in the dbt project."""
    as_of: Annotated[datetime | None, Field(alias="SCORELINE_AS_OF")] = None
    sandbox_url: Annotated[str | None, Field(alias="SANDBOX_URL")] = None
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
        """The clock of every layer, in UTC: `SCORELINE_AS_OF` where it is set, else the present. Nothing else reads the clock."""
        return (self.as_of or datetime.now(UTC)).astimezone(UTC)

    @property
    def seeds_dir(self) -> Path:
        """people.csv, scorecard_lines.csv, goals.csv, holidays.csv and approved_offers.csv, the company's own."""
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


def _known_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"unknown time zone {value!r}; use an IANA name such as 'America/Chicago'")
    return value


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class CompanySection(_Table):
    name: str
    time_zone: TimeZone
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class CalendarSection(_Table):
    week_starts_on: Literal["monday"] = "monday"
    quarter_rule: Literal["13-week"] = "13-week"
    business_day_start: time = time(8)
    business_day_end: time = time(17)

    @field_validator("business_day_start", "business_day_end", mode="before")
    @classmethod
    def _clock_time(cls, value: Any) -> Any:
        return time.fromisoformat(value) if isinstance(value, str) else value


class BackupSection(_Table):
    keep: Annotated[int, Field(ge=0)] = 3
    """Daily backups that are kept; 0: none are made."""


class HubSpotSection(_Table):
    api_version: Annotated[str, Field(pattern=r"^(v3|20\d\d-(0[1-9]|1[0-2]))$")] = "2026-09"
    """A dated version, or "v3" for the numbered paths, which HubSpot ends in 2027."""
    start_date: date | None = None
    pipelines: list[str] = ["default"]
    connected_outcomes: list[str] = ["f240bbac-87c9-4f6e-bf70-924b57d47db7"]
    decision_maker_property: str = "hs_buying_role"
    decision_maker_values: list[str] = ["DECISION_MAKER"]
    first_appointment_types: list[str] = ["First appointment"]
    coi_meeting_types: list[str] = ["COI meeting"]
    coi_property: str = "coi_since"
    mrr_property: str = "hs_mrr"
    renewal_deal_types: list[str] = ["renewal"]
    disqualified_stages: list[str] = []
    """Deal stages that are closed without having been lost: they are no part of the win rate."""
    stale_after_days: Annotated[int, Field(ge=1)] = 30
    """An open deal without activity or change of stage for more days than this is stale."""
    response_days: Annotated[int, Field(ge=1, le=365)] = 14
    """A reply that takes longer than this is none."""
    warm_list: str | None = None


class _AutotaskQueues(EnvSettings):
    # NoDecode: the variable is "29680010" or "29680010,29680011", not JSON
    reactive_queue_ids: Annotated[list[int] | None, NoDecode, Field(alias="AUTOTASK_ROC_BOARD_ID")] = None

    @field_validator("reactive_queue_ids", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [int(part) for part in value.split(",")] if isinstance(value, str) else value


class AutotaskSection(_Table):
    start_date: date | None = None
    reactive_queue_ids: list[int] = []
    complete_status_ids: list[int] = [5]
    time_off_codes: list[str] = []


class SmartleadSection(_Table):
    client_id: int | None = None
    history_days: Annotated[int, Field(gt=0)] = 28
    """How far back the first run reads single e-mails."""
    queue_statuses: list[str] = ["ACTIVE", "DRAFTED"]
    """Statuses of campaigns whose leads without an e-mail wait in the queue; drafts hold what is staged."""
    count_sub_campaigns: bool = True
    """Whether the leads of sub-campaigns count; false where the parent campaign holds the same leads."""
    runway_days: Annotated[int, Field(ge=1, le=90)] = 14
    """So many days back go into the mean number of new leads per sending day."""


class SalesSection(_Table):
    crm: Literal["hubspot", "copper"] | None = None
    """The CRM of the sales pages; None: HubSpot, or Copper where HubSpot is not connected."""
    dropped_lead_statuses: list[str] = ["UNQUALIFIED"]
    """Lead statuses of contacts that will go no further: in the funnel they are not still open."""


class SupplySection(_Table):
    email_source: Literal["smartlead", "hubspot"] | None = None
    """Whose e-mails the open and reply rates are of; None: Smartlead's, or HubSpot's where Smartlead is not connected."""


class MicrosoftGraphSection(_Table):
    cloud: Literal["global", "us_government", "us_government_dod", "china"] = "global"
    tenants: dict[str, str] = {}
    """Tenant id or domain -> the name people know it by. Read besides those of MICROSOFT_TENANT_ID."""


class _AdPlatformSection(_Table):
    account_ids: list[str] = []
    """Ad accounts that count; empty: every one that the credentials reach."""
    start_date: date | None = None
    """First day of spend; None: 36 months before the first load."""
    restated_days: Annotated[int, Field(ge=1, le=366)] = 30
    """So many days back the platform still changes its numbers: they are pulled again by every run."""

    @field_validator("account_ids", mode="before")
    @classmethod
    def _digits(cls, value: Any) -> Any:
        # as people copy them: 111-222-3333, act_555, a number without quotes
        return ["".join(sign for sign in str(item) if sign.isdigit()) for item in value] if isinstance(value, list) else value


class GoogleAdsSection(_AdPlatformSection):
    api_version: Annotated[str, Field(pattern=r"^v\d+$")] = "v25"
    operations_a_day: Annotated[int, Field(ge=1)] = 2_880


class MetaAdsSection(_AdPlatformSection):
    api_version: Annotated[str, Field(pattern=r"^v\d+\.\d+$")] = "v25.0"
    conversion_actions: list[str] = ["lead"]
    campaign_statuses: list[str] = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "IN_PROCESS", "WITH_ISSUES"]


class LinkedInAdsSection(_AdPlatformSection):
    api_version: Annotated[str, Field(pattern=r"^\d{6}$")] = "202606"
    time_zone: TimeZone = "UTC"
    conversion_metrics: list[str] = ["externalWebsiteConversions", "oneClickLeads"]


class MarketingSection(_Table):
    automated_mail_types: list[str] = ["AUTOMATED_EMAIL", "AUTOMATED_AB_EMAIL", "TICKET_EMAIL", "OPTIN_EMAIL", "RESUBSCRIBE_EMAIL"]
    """Kinds of HubSpot's marketing mails that go out by themselves: they are no campaigns."""
    mql_query: str = ""
    """Query of the company's own database (value and day) that tells the marketing qualified leads where HubSpot is not connected."""
    sql_query: str = ""
    """The same for the sales qualified leads."""


class DattoRmmSection(_Table):
    hosted_antivirus: list[str] = []
    """Products that count as ours, as Datto RMM names them; empty: every product will do."""
    active_days: Annotated[int, Field(gt=0)] = 30
    """Devices that were not seen for so long count nowhere."""
    udf_slot: Annotated[int, Field(ge=1, le=300)] | None = None
    """The one user-defined field that is stored; None: none, they often hold secrets."""


class DattoBcdrSection(_Table):
    good_statuses: list[str] = ["success"]
    """Words with which a backup is reported as good."""
    continuity_service_plans: list[str] = []
    """Service plans of the devices that count as continuity; empty: all."""
    seats_every_days: Annotated[int, Field(ge=0)] = 1
    """How often the slow lists of SaaS seats are read; 0: never."""


class ZendeskSection(_Table):
    start_date: date | None = None
    open_statuses: list[Literal["new", "open", "pending", "hold"]] = ["new", "open", "pending", "hold"]
    excluded_channels: list[str] = ["sample_ticket"]
    exports_per_minute: Annotated[int, Field(gt=0)] = 10
    requests_per_minute: Annotated[int, Field(gt=0)] = 200
    page_size: Annotated[int, Field(gt=0, le=1000)] = 1000


class IntercomSection(_Table):
    region: Literal["us", "eu", "au"] = "us"
    api_version: str = "2.14"
    start_date: date | None = None
    open_states: list[Literal["open", "snoozed"]] = ["open", "snoozed"]
    counted_deliveries: list[str] = ["customer_initiated"]
    count_ai_only: bool = False
    requests_per_10_seconds: Annotated[int, Field(gt=0)] = 166


class QuickBooksSection(_Table):
    accounting_method: Literal["Accrual", "Cash"] = "Accrual"
    report_months: Annotated[int, Field(gt=0)] = 13
    """Months of the reports that each run reads again."""
    history_months: Annotated[int, Field(gt=0)] = 36
    """Months of the reports that the first run reads."""


class BillcomSection(_Table):
    connected_network_statuses: list[str] = ["CONNECTED", "CONNECTED_RPPS"]
    """Vendors with one of them can be paid electronically."""
    no_bank_account_statuses: list[str] = ["NO_ACCOUNT", "UNDEFINED"]
    """Statuses that say that no bank account is known."""
    paper_payment_methods: list[str] = ["CHECK"]
    """Ways to be paid that are not electronic."""


class AccountingSection(_Table):
    w9_source: Literal["quickbooks", "billcom"] | None = None
    """Where to look up whether a vendor's W-9 is there; None: QuickBooks, or Bill.com where QuickBooks is not connected."""


class CopperSection(_Table):
    start_date: date | None = None
    activity_days: Annotated[int, Field(ge=1, le=90)] = 14
    """So many days back activities are pulled again by every run; once a week it is 90."""
    date_order: Literal["mdy", "dmy"] = "mdy"
    call_types: list[str] = ["Phone Call", "Call"]
    email_types: list[str] = ["Email"]
    stage_a_ids: list[int] = []
    stage_b_ids: list[int] = []
    stage_c_ids: list[int] = []
    sale_type_field_id: int | None = None
    wholesale_option_ids: list[int] = []
    distribution_option_ids: list[int] = []
    same_call_seconds: Annotated[int, Field(ge=0, le=3600)] = 120
    """A call logged here is one of the phone system's if the person and the number are the same and it starts within so many seconds."""


class JustCallSection(_Table):
    start_date: date | None = None
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
    stale_after_days: Annotated[int, Field(gt=0)] = 3
    cash_accounts: list[str] = []
    """Accounts that are cash: organisation and name, as the doctor lists them."""


class WarehouseQuery(_Table):
    """A figure out of the company's warehouse: SQL that returns `value` and perhaps `category` and `day`, or a table and its columns."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sql: str | None = None
    table: str | None = None
    value: str | None = None
    category: str | None = None
    day: str | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> WarehouseQuery:
        named = [self.table, self.value, self.category, self.day, self.where]
        if (self.sql is not None) == any(named) or (self.sql is None and not (self.table and self.value)):
            raise ValueError("give either sql, or table and value (and perhaps category, day, where)")
        return self


class CompanyWarehouseSection(_Table):
    queries: list[WarehouseQuery] = []


class MongoQuery(_Table):
    """A figure out of MongoDB: where in the documents of a collection the value, its category and its day stand; dots lead deeper."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    collection: str
    value: str
    category: str | None = None
    day: str | None = None
    filter: dict[str, Any] = {}
    latest: bool = False
    """Only the documents of the newest day."""

    @model_validator(mode="after")
    def _latest_needs_a_day(self) -> MongoQuery:
        if self.latest and not self.day:
            raise ValueError("latest = true needs day: where the day of a document stands")
        return self


class MongoSection(_Table):
    queries: list[MongoQuery] = []


class PagesSection(_Table):
    enabled: list[str] | None = None
    """Names of files in reports/pages; None: every page that has lines."""
    site_url: str = ""
    lines: dict[str, list[str]] = {}
    """Page -> the sections and lines (`section.metric`) on it; a page that is not named here has those of its file."""
    history_weeks: Annotated[int, Field(gt=0)] | None = None
    """Pages and receipts of so many finished weeks; None: of all."""
    contact_names: bool = False
    """Whether there are pages with names of contacts, in the site's folder `restricted/`. Elsewhere contacts never have names."""
    site_mode: Annotated[str, Field(pattern=r"^06[04][04]$")] = "0600"
    """Permissions of the site's files: "0640" and "0644" let a web server's group or user read them."""


ReportName = Literal["weekly_scorecard", "daily_digest", "friday_preview"]
"""What goes out by mail."""


class Subscription(_Table):
    report: ReportName
    to: list[str]
    sections: list[str] = []
    """Sections and lines that these recipients get; empty: those of the scorecard page, without the confidential ones."""
    pages: list[str] = []
    """Pages whose lines they get as well."""


class MailSection(_Table):
    sender: str = Field(alias="from")
    operator: str
    confidential: list[str] = []
    """Sections and lines that only go to those whose subscription names them, or a page with them."""
    subscriptions: list[Subscription] = []


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

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.time_zone)


def load_company(settings: Settings) -> Company:
    """Read `company.toml`.

    Raises:
        SettingsError: the file is missing, is no TOML, or a value is wrong; names the file, the key and what is expected.
    """
    path = settings.company_file
    try:
        values = tomllib.loads(read_text(path))
    except FileNotFoundError:
        raise SettingsError(f"{path}: not found. Copy the project's company.toml or set SCORELINE_COMPANY_FILE.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    if queues := _AutotaskQueues().reactive_queue_ids:
        values.setdefault("autotask", {})["reactive_queue_ids"] = queues
    try:
        return Company.model_validate(values)
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SettingsError(f"{path}:\n" + "\n".join(faults)) from None
