"""Secure scores of the company's own Microsoft tenant and of some clients': how they rise, and what is
missing."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.companies.base import FIRST_MONDAY, HOUR, LAST_MONDAY, MAIL, Book
from sandbox.engine.store import parse_ms
from sandbox.vendors.microsoft_graph import CLIENT_TENANTS, CONTROLS, DAY, OWN_TENANT, REFUSING_TENANT

# tenant -> domain, users, share of the points at the start, chance that a day brings a control forward
_LIVES = {
    OWN_TENANT: (MAIL, 41, 0.5, 0.05),
    CLIENT_TENANTS[0]: ("fairwayceramicsservices.example", 62, 0.34, 0.035),
    CLIENT_TENANTS[1]: ("heritagesurveyingholdings.example", 18, 0.42, 0.012),
}
_WITHOUT_DATA = {CLIENT_TENANTS[2]: "sequoiadistributioninc.example"}
"""No licence that gives a score."""
LICENCE_BOUGHT = date(2025, 8, 18)
"""From this day on the company's own tenant is licensed for three more controls: the possible points jump."""
_LATER = ("UserRiskPolicy", "SigninRiskPolicy", "DefenderForServers")


def write(book: Book) -> None:
    """One record per tenant and day; a few days never come, a few are recalculated."""
    known = (
        {tenant: life[0] for tenant, life in _LIVES.items()}
        | _WITHOUT_DATA
        | {REFUSING_TENANT: "startherapyinc.example"}
    )
    for tenant, domain in known.items():
        book.store.add(
            "microsoft_graph.tenants", tenant, 0, {"domain": domain, "consented": tenant != REFUSING_TENANT}
        )
    for tenant in _LIVES:
        _tenant(book, tenant)


def _tenant(book: Book, tenant: str) -> None:
    _, users, share, pace = _LIVES[tenant]
    rng = book.rng("secure scores", tenant)
    reached = [rng.uniform(share - 0.3, share + 0.3) for _ in CONTROLS]
    day = FIRST_MONDAY - timedelta(days=100)
    while day <= LAST_MONDAY + timedelta(days=6):
        day += timedelta(days=1)
        if rng.random() < pace:
            number = rng.randrange(len(CONTROLS))
            # somebody leaves, a laptop is replaced: now and then a control falls back
            reached[number] = max(
                0.0, min(1.0, reached[number] + (rng.uniform(0.1, 0.5) if rng.random() < 0.8 else -0.2))
            )
        licensed = [
            tenant != OWN_TENANT or day >= LICENCE_BOUGHT or name not in _LATER for _, name, _, _ in CONTROLS
        ]
        most = [points if has else 0.0 for (_, _, points, _), has in zip(CONTROLS, licensed, strict=True)]
        points = [round(share * limit, 2) for share, limit in zip(reached, most, strict=True)]
        if rng.random() < 0.02:
            continue  # days go missing, and nothing says so
        midnight = parse_ms(day.isoformat())
        props = {
            "tenant": tenant,
            "created": f"{day}T15:21:47Z" if rng.random() < 0.05 else f"{day}T00:00:00Z",
            "users": users + (day - FIRST_MONDAY).days // 90,
            "active": round(users * (0.35 if day.weekday() >= 5 else 0.9)),
            "points": points,
            "most": most,
            "rated": rng.random() > 0.004,
            "compared": [{"basis": "AllTenants", "averageScore": -1.0}] if rng.random() < 0.03 else [],
        }
        record, came = f"{tenant}_{day}", midnight + 16 * HOUR + 1_000 * rng.randrange(3_000)
        book.store.add("microsoft_graph.scores", record, came, props)
        if rng.random() < 0.06:
            again = [round(value * rng.uniform(0.97, 1.0), 2) for value in points]
            book.store.change(
                "microsoft_graph.scores", record, came + round(rng.uniform(0.2, 4) * DAY), {"points": again}
            )
