"""What people see: the published database, the pages, the mails and the operator's alerts. `reports` does the
work."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from foundation.backup import BackupError, daily_backup
from foundation.calendar import week_label
from foundation.settings import Company, Settings
from foundation.warehouse import published_file
from orchestration.assets.ingestion import OWNERS
from orchestration.assets.transformation import DAILY, POOL
from orchestration.resources import Scoreline
from orchestration.settings_at_import import COMPANY, FIRST_WEEK, SETTINGS, asset_key
from reports.mails.daily_digest import send_daily_digest
from reports.mails.friday_preview import send_friday_preview
from reports.mails.weekly_scorecard import send_weekly_scorecard
from reports.pages import SiteError
from reports.post.alerts import data_conditions, source_conditions, tell_operator, tell_untold
from reports.post.due import remember_undelivered
from reports.post.outcome import DeliveryFailed, DeliveryReport
from reports.site.build import build_site, refresh_data_health

PUBLISHED = asset_key("published", "scoreline")
SITE = asset_key("reports", "site")
WEEKLY_MAIL = asset_key("reports", "weekly_scorecard")
DAILY_MAIL = asset_key("reports", "daily_digest")
FRIDAY_MAIL = asset_key("reports", "friday_preview")
ALERTS = asset_key("reports", "operator_alerts")


def _span(ahead: timedelta) -> dict[str, Any]:
    """Return the start and end of partitions. They begin with the data, and a fixed clock (`SCORELINE_AS_OF`,
    the demo) ends them. `ahead`: how far the last one may reach beyond the clock."""
    end = SETTINGS.as_of and (SETTINGS.as_of + ahead).astimezone(COMPANY.zone).replace(tzinfo=None)
    return {
        "start_date": datetime.combine(FIRST_WEEK, time()),
        "end_date": end,
        "timezone": COMPANY.company.time_zone,
    }


WEEKS = dg.WeeklyPartitionsDefinition(**_span(timedelta()), day_offset=1)
"""A partition is a week, keyed by its Monday."""
# includes the running week: its preview goes out before it ends
WEEKS_BEGUN = dg.WeeklyPartitionsDefinition(**_span(timedelta(days=7)), day_offset=1, end_offset=1)
# includes the running day: its digest goes out in the morning
DAYS = dg.DailyPartitionsDefinition(**_span(timedelta(days=1)), end_offset=1)


@dg.asset(
    key=PUBLISHED,
    deps=[
        asset_key("marts", name)
        for name in ("fct_scorecard_weekly", "fct_contributions", "fct_restatements", "dim_build")
    ],
    group_name="reports",
    owners=OWNERS,
    kinds={"duckdb"},
    pool=POOL,
    freshness_policy=DAILY,
)
def published_database(context: dg.AssetExecutionContext, scoreline: Scoreline) -> dg.MaterializeResult[None]:
    """`published/scoreline.duckdb`: a copy of the marts for readers, replaced atomically. It is safe to open
    while runs write. The first build of each day also backs up the warehouse."""
    warehouse = scoreline.warehouse()
    with warehouse.write_lock(f"publish, run {context.run_id}") as waited:
        path = warehouse.publish()
    metadata: dict[str, dg.MetadataValue] = {
        "waited for the warehouse, s": dg.MetadataValue.float(round(waited.seconds, 1)),
        "lock held by": dg.MetadataValue.text(waited.holder or "nobody"),
        "path": dg.MetadataValue.path(path),
        "bytes": dg.MetadataValue.int(path.stat().st_size),
    }
    warehouse.tidy()
    try:
        if folder := daily_backup(scoreline.settings(), scoreline.company()):
            metadata["backup"] = dg.MetadataValue.path(folder)
    except BackupError as error:
        context.log.error(str(error))
        metadata["backup"] = dg.MetadataValue.text(str(error))
    return dg.MaterializeResult(metadata=metadata)


@dg.asset(
    key=SITE,
    deps=[PUBLISHED],
    group_name="reports",
    owners=OWNERS,
    kinds={"html"},
    pool=POOL,
    freshness_policy=DAILY,
)
def site(context: dg.AssetExecutionContext, scoreline: Scoreline) -> dg.MaterializeResult[None]:
    """The report pages as self-contained HTML: one per page and past week, receipts, and an index. Pages
    whose content has not changed are not rewritten."""
    settings = scoreline.settings()
    built = build_site(settings, scoreline.company())
    index = settings.site_dir / "index.html"
    address = scoreline.company().pages.site_url
    context.log.info(f"{len(built.files)} pages, {len(built.written)} written; open {index}")
    # a browser does not follow a link from the UI to a file
    open_at = dg.MetadataValue.url(address) if address else dg.MetadataValue.path(index)
    return dg.MaterializeResult(
        metadata={"pages": len(built.files), "written": len(built.written), "index": open_at}
    )


@dg.asset(key=ALERTS, deps=[PUBLISHED], group_name="reports", owners=OWNERS, kinds={"mail"}, pool=POOL)
def operator_alerts(context: dg.AssetExecutionContext, scoreline: Scoreline) -> dg.MaterializeResult[None]:
    """Alerts the operator once when a source fails or is late, totals differ, access is about to expire or a
    mail did not arrive, and once on recovery. Fails and retries while an alert cannot be sent."""
    settings, company = scoreline.settings(), scoreline.company()
    try:
        conditions = source_conditions(settings) | data_conditions(settings)
    except LookupError:  # nothing is published yet
        conditions = None
    try:
        remember_undelivered(settings, company)
        told = (
            tell_untold(settings, company)
            if conditions is None
            else tell_operator(settings, company, conditions, scope="source")
        )
    except DeliveryFailed as error:
        raise _failed(error) from None
    finally:
        _refresh_data_health(context, settings, company)
    for message in told:
        context.log.warning(f"told {company.mail.operator}: {message['Subject']}")
    return dg.MaterializeResult(
        metadata={"open": sorted(conditions or ()), "told": [str(message["Subject"]) for message in told]}
    )


def _refresh_data_health(context: dg.AssetExecutionContext, settings: Settings, company: Company) -> None:
    """Render the data health page again. Only the mails decide whether the run succeeds; the build reports a
    page that fails."""
    try:
        refresh_data_health(settings, company)
    except (SiteError, LookupError) as error:
        context.log.warning(str(error))


def _failed(error: DeliveryFailed) -> dg.Failure:
    # the ledger's alerts already report it, so the sensor for failed runs does not
    return dg.Failure(str(error), allow_retries=False, metadata={REMEMBERED: error.remembered})


REMEMBERED = "reported by the ledger's alerts"


class Sending(dg.Config):
    """Whom to send the mail to again. By default, nobody gets the same period twice."""

    force: bool = Field(default=False, description="Send it again to people who already have it")
    only: list[str] = Field(
        default=[], description="Send it only to these recipients. Empty: all subscribers"
    )


def _mailed(
    context: dg.AssetExecutionContext,
    config: Sending,
    scoreline: Scoreline,
    period: str,
    send: Callable[..., DeliveryReport],
) -> dg.MaterializeResult[None]:
    """Send the mail of the partition and report the result. `period`: `week` or `day`, as the partitions
    are."""
    first = date.fromisoformat(context.partition_key)
    settings, company = scoreline.settings(), scoreline.company()
    published_file(settings)  # whichever machine built it
    try:
        report = send(settings, company, first, force=config.force, only=config.only or None)
    except DeliveryFailed as error:
        _log_pending(context, error.report)
        raise _failed(error) from None
    finally:
        _refresh_data_health(context, settings, company)
    _log_pending(context, report)
    label = week_label(first) if period == "week" else first.isoformat()
    context.log.info(f"{label}: {report.summary()}")
    if report.held:
        context.log.warning(
            f"{label} is held: {' '.join(report.gate.reasons)} Only {company.mail.operator} was told."
            " Fix the cause and build; then it goes out automatically, or by `scoreline send`."
        )
    return dg.MaterializeResult(
        metadata={
            period: label,
            "gate": report.gate.decision,
            "reasons": list(report.gate.reasons),
            "sent": list(report.sent),
            "already sent": list(report.already_sent),
            "nothing to say": list(report.nothing),
            "pending": sorted(report.pending),
            "uncertain": list(report.uncertain),
        }
    )


def _log_pending(context: dg.AssetExecutionContext, report: DeliveryReport | None) -> None:
    for address, reason in report.pending.items() if report else ():
        context.log.warning(
            f"{address}: pending, {reason}. Retried for a day while Dagster runs (`scoreline ui`)."
        )


@dg.asset(
    key=WEEKLY_MAIL,
    deps=[PUBLISHED, SITE],
    partitions_def=WEEKS,
    group_name="reports",
    owners=OWNERS,
    kinds={"mail"},
    pool=POOL,
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=7, hours=6)),
)
def weekly_scorecard_mail(
    context: dg.AssetExecutionContext, config: Sending, scoreline: Scoreline
) -> dg.MaterializeResult[None]:
    """Mails the weekly scorecard. The send gate decides: green, amber with a banner, or held with an alert to
    the operator."""
    return _mailed(context, config, scoreline, "week", send_weekly_scorecard)


@dg.asset(
    key=DAILY_MAIL,
    deps=[PUBLISHED, SITE],
    partitions_def=DAYS,
    group_name="reports",
    owners=OWNERS,
    kinds={"mail"},
    pool=POOL,
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=4, hours=6)),
)
def daily_digest_mail(
    context: dg.AssetExecutionContext, config: Sending, scoreline: Scoreline
) -> dg.MaterializeResult[None]:
    """Mails what is new since the last digest: lines off track and back on track, sources, numbers to type
    in. Sends nothing if nothing is new."""
    return _mailed(context, config, scoreline, "day", send_daily_digest)


@dg.asset(
    key=FRIDAY_MAIL,
    deps=[PUBLISHED, SITE],
    partitions_def=WEEKS_BEGUN,
    group_name="reports",
    owners=OWNERS,
    kinds={"mail"},
    pool=POOL,
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=9)),
)
def friday_preview_mail(
    context: dg.AssetExecutionContext, config: Sending, scoreline: Scoreline
) -> dg.MaterializeResult[None]:
    """Mails the running week against its goals, by the working time that has passed. What is behind comes
    first."""
    return _mailed(context, config, scoreline, "week", send_friday_preview)


assets = [
    published_database,
    site,
    operator_alerts,
    weekly_scorecard_mail,
    daily_digest_mail,
    friday_preview_mail,
]
