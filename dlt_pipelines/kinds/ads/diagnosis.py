"""The doctor's checks of every ad platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import existing, readable
from dlt_pipelines.kinds.ads.platform import Platform, zone_of
from dlt_pipelines.wire.client import Client
from foundation.calendar import local_date
from foundation.settings import Company, Settings


def diagnose(platform: Platform, client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    """Accounts that can be read, configured accounts, their currencies, and whether campaigns and spend may
    be read."""
    source, section = platform.source, platform.section(company)
    found = platform.accounts(client, company)
    if not found:
        yield Finding(source, "accounts", "fail", "the credentials reach no ad account", platform.way_out)
        return
    yield existing(
        source,
        "account_ids",
        section.account_ids,
        {row["id"]: str(row.get("name")) for row in found},
        "ad account",
    )
    for account in found:
        if section.account_ids and account["id"] not in section.account_ids:
            continue
        if account.get("refused"):
            way_out = f"See the text, or name the other accounts in {source}.account_ids."
            yield Finding(source, f"account {account['id']}", "fail", str(account["refused"]), way_out)
            continue
        told = (
            f"{account.get('name')}: {account.get('currency')}, {account.get('time_zone')},"
            f" {account.get('status')}"
        )
        if account.get("currency") != company.company.currency:
            told += f"; not {company.company.currency}, so its spend is shown separately and never added"
        yield Finding(
            source,
            f"account {account['id']}",
            "ok" if account.get("currency") == company.company.currency else "info",
            told,
        )
        if account.get("is_open", True):
            yesterday = local_date(settings.now(), zone_of(account, company)) - timedelta(days=1)
            first_page = partial(
                lambda account: next(iter(platform.campaigns(client, company, account)), None), account
            )
            yield readable(source, f"campaigns of {account['id']}", first_page, platform.way_out)
            a_day = partial(platform.spend, client, company, account, yesterday, yesterday)
            yield readable(source, f"spend of {account['id']}", a_day, platform.way_out)
