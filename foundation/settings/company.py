"""What `company.toml` says. This file has what concerns the company as a whole; `vendors.py` has the rest."""

from __future__ import annotations

import difflib
import tomllib
from datetime import time, timedelta
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from foundation.errors import SettingsError
from foundation.formats import DEFAULT, use_locale
from foundation.settings import vendors
from foundation.settings.access import AccessSection
from foundation.settings.environment import Settings, reason_of
from foundation.settings.types import (
    Currency,
    Days,
    Id,
    Line,
    LocaleTag,
    MailAddress,
    Sender,
    Table,
    TimeZone,
    WebAddressOrEmpty,
    interval,
)
from foundation.text import read_text


class CompanySection(Table):
    name: Line
    time_zone: TimeZone
    currency: Currency
    locale: LocaleTag = DEFAULT
    """How numbers, amounts and days are written on pages and in mails."""


class CalendarSection(Table):
    week_starts_on: Literal["monday"] = "monday"
    quarter_rule: Literal["13-week"] = "13-week"
    """Both are only accepted: files of people say them, and there is no other value."""
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


class BackupSection(Table):
    keep: Annotated[int, Field(ge=0)] = 3
    """Daily backups to keep; 0: make none."""


class WarehouseSection(Table):
    kind: Literal["file", "ducklake"] = "file"
    """ducklake: several machines share it, where WAREHOUSE_CATALOG_URL and WAREHOUSE_STORAGE_URL say."""


class SalesSection(Table):
    crm: Literal["hubspot", "copper"] | None = None
    """The CRM of the sales pages. None: HubSpot, or Copper if HubSpot is not connected."""
    dropped_lead_statuses: list[Line] = ["UNQUALIFIED"]
    """Lead statuses of contacts that are given up: the funnel does not count them as open."""


class SupplySection(Table):
    email_source: Literal["smartlead", "hubspot"] | None = None
    """Whose e-mails the open and reply rates cover. None: Smartlead's, or HubSpot's if Smartlead is not
    connected."""


class MarketingSection(Table):
    campaign_mail_types: list[Line] = ["BATCH_EMAIL", "AB_EMAIL", "LOCALTIME_EMAIL"]
    """Types of HubSpot marketing mails that are campaigns. Mails of an automation never are."""
    mql_query: str = ""
    """Query of the company's own database (value and day) that returns the marketing qualified leads if
    HubSpot is not connected."""
    sql_query: str = ""
    """The same for the sales qualified leads."""

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, data: Any) -> Any:
        if isinstance(data, dict) and "automated_mail_types" in data:
            raise ValueError(
                "automated_mail_types no longer exists: remove it, and list the types that are campaigns in"
                " campaign_mail_types"
            )
        return data


class AccountingSection(Table):
    w9_source: Literal["quickbooks", "billcom"] | None = None
    """Which system says whether a vendor's W-9 is on file. None: QuickBooks, or Bill.com if QuickBooks is
    not connected."""


class PagesSection(Table):
    enabled: list[Id] | None = None
    """Names of files in reports/pages; None: every page that has lines."""
    site_url: WebAddressOrEmpty = ""
    lines: dict[Id, list[Id]] = {}
    """Page -> the sections and lines (`section.metric`) on it. A page that is not named here has those of its
    file."""
    history_weeks: Annotated[int, Field(ge=1, le=5_000)] | None = None
    """Finished weeks to build pages and receipts for; None: all."""
    contact_names: bool = False
    """Whether to build pages with names of contacts, in the site's folder `restricted/`. No other page names
    contacts."""
    site_mode: Annotated[str, Field(pattern=r"^06[04][04]$")] = "0600"
    """Permissions of the site's files. "0640" lets a web server's group read them, "0644" everybody."""


class ReviewPart(Table):
    title: Line
    lines: Annotated[list[Id], Field(min_length=1)]
    """Sections and lines, in their order: inputs before outputs."""


class ReviewSection(Table):
    sections: list[ReviewPart] = []
    """Headings of the weekly business review with the lines below them. Empty: the lines of the scorecard
    page that have a goal, by section, without the confidential ones."""

    @model_validator(mode="after")
    def _each_once(self) -> ReviewSection:
        for what, names in (
            ("heading", [part.title for part in self.sections]),
            ("line", [name for part in self.sections for name in part.lines]),
        ):
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise ValueError(f"the {what} {twice!r} is listed twice; remove one of them")
        return self


ReportName = Literal["weekly_scorecard", "daily_digest", "friday_preview"]
"""The reports that are sent by mail."""


ChannelName = Literal["slack", "teams"]
"""Where reports go besides mail."""


class Subscription(Table):
    report: ReportName
    channel: Literal["mail", ChannelName] = "mail"
    """`slack`, `teams`: one message into the channel of SLACK_WEBHOOK_URL or TEAMS_WEBHOOK_URL."""
    to: list[MailAddress] = []
    """The recipients. In a channel: those whose own lines come first; nobody is written to."""
    sections: list[Id] = []
    """Sections and lines that these recipients receive; empty: those of the scorecard page, without the
    confidential ones."""
    pages: list[Id] = []
    """Pages whose lines they receive as well."""

    @model_validator(mode="after")
    def _has_readers(self) -> Subscription:
        if self.channel == "mail" and not self.to:
            raise ValueError("to is empty; list the addresses that the mail goes to")
        if self.channel != "mail" and self.report != "weekly_scorecard":
            raise ValueError(
                f"{self.channel} takes the weekly_scorecard, got {self.report}; send that by mail"
            )
        return self


class MailSection(Table):
    sender: Sender = Field(alias="from")
    operator: MailAddress
    subscriptions: list[Subscription] = []
    alerts_also_to: list[ChannelName] = []
    """Channels that get the operator's alerts too."""
    attach_pdf: bool = False
    """Whether the weekly scorecard's mail has the recipient's lines as PDF too."""

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, data: Any) -> Any:
        if isinstance(data, dict) and "confidential" in data:
            raise ValueError(
                "confidential has moved, because pages follow it too: write it below [access] instead"
            )
        return data


class CredentialsSection(Table):
    rotate_after_days: Days = 365
    """The doctor warns about credentials that are older than this."""


class Company(Table):
    """`company.toml`, validated."""

    company: CompanySection
    calendar: CalendarSection = CalendarSection()
    backup: BackupSection = BackupSection()
    warehouse: WarehouseSection = WarehouseSection()
    hubspot: vendors.HubSpotSection = vendors.HubSpotSection()
    autotask: vendors.AutotaskSection = vendors.AutotaskSection()
    microsoft_graph: vendors.MicrosoftGraphSection = vendors.MicrosoftGraphSection()
    smartlead: vendors.SmartleadSection = vendors.SmartleadSection()
    google_ads: vendors.GoogleAdsSection = vendors.GoogleAdsSection()
    meta_ads: vendors.MetaAdsSection = vendors.MetaAdsSection()
    linkedin_ads: vendors.LinkedInAdsSection = vendors.LinkedInAdsSection()
    marketing: MarketingSection = MarketingSection()
    datto_rmm: vendors.DattoRmmSection = vendors.DattoRmmSection()
    datto_bcdr: vendors.DattoBcdrSection = vendors.DattoBcdrSection()
    zendesk: vendors.ZendeskSection = vendors.ZendeskSection()
    intercom: vendors.IntercomSection = vendors.IntercomSection()
    quickbooks: vendors.QuickBooksSection = vendors.QuickBooksSection()
    billcom: vendors.BillcomSection = vendors.BillcomSection()
    sales: SalesSection = SalesSection()
    supply: SupplySection = SupplySection()
    accounting: AccountingSection = AccountingSection()
    copper: vendors.CopperSection = vendors.CopperSection()
    justcall: vendors.JustCallSection = vendors.JustCallSection()
    simplefin: vendors.SimpleFinSection = vendors.SimpleFinSection()
    company_warehouse: vendors.CompanyWarehouseSection = vendors.CompanyWarehouseSection()
    mongodb: vendors.MongoSection = vendors.MongoSection()
    ad_spend_csv: vendors.FilesSection = vendors.FilesSection()
    manual: vendors.FilesSection = vendors.FilesSection()
    pages: PagesSection = PagesSection()
    review: ReviewSection = ReviewSection()
    mail: MailSection
    access: AccessSection = AccessSection()
    credentials: CredentialsSection = CredentialsSection()

    @model_validator(mode="after")
    def _queries_exist(self) -> Company:
        queries: list[vendors.WarehouseQuery | vendors.MongoQuery] = [
            *self.company_warehouse.queries,
            *self.mongodb.queries,
        ]
        names = {query.name for query in queries}
        for key, name in (
            ("mql_query", self.marketing.mql_query),
            ("sql_query", self.marketing.sql_query),
        ):
            if name and name not in names:
                raise ValueError(
                    f"marketing.{key} is {name!r}, but no query has that name; the queries are:"
                    f" {', '.join(sorted(names)) or 'none'}"
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.time_zone)

    @property
    def refresh_every(self) -> dict[str, timedelta]:
        """Return the sources that are also read between daily refreshes -> how often."""
        return {
            name: interval(section.refresh_every)
            for name, section in self
            if isinstance(section, vendors.SourceSection) and section.refresh_every
        }


def load_company(settings: Settings) -> Company:
    """Read `company.toml`, and write in its locale from now on.

    Raises:
        SettingsError: the file is missing or is not TOML, or a value is not valid; names the file, the key
            and what is expected.
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
    if (queues := vendors.AutotaskQueues().reactive_queue_ids) and isinstance(
        values.setdefault("autotask", {}), dict
    ):
        values["autotask"]["reactive_queue_ids"] = queues
    try:
        company = Company.model_validate(values)
    except ValidationError as error:
        faults = dict.fromkeys(f"  {_fault(e)}" for e in error.errors())
        raise SettingsError(f"{path}:\n" + "\n".join(faults)) from None
    use_locale(company.company.locale)
    return company


def _fault(error: Any) -> str:
    """The key of an invalid value, and what is expected."""
    place = [str(part) for part in error["loc"]]
    text = reason_of(error)
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
