"""Cedar Ridge's phone system: the inside sales people, their calls, and calls that nobody took."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import (
    DANA,
    DAY,
    MAYA,
    NOOR,
    RILEY,
    ZONE,
    Book,
    Owner,
    at,
    mondays,
    season,
    work_days,
)
from sandbox.companies.cedar_ridge import phone
from sandbox.engine.store import from_ms

AGENTS: dict[int, Owner] = {3301: MAYA, 3302: RILEY, 3303: NOOR, 3304: DANA}
LINE = "13125550100"
_IDS = {owner.id: agent for agent, owner in AGENTS.items()}
_MISSED = ("Unanswered", "Unanswered", "Unanswered", "Busy", "Failed", "Voicemail", "Cancelled")


def write(book: Book) -> None:
    """Users and calls."""
    for agent, owner in AGENTS.items():
        made = at(max(owner.joined, MAYA.joined), 9)
        props: dict[str, Any] = {
            "name": f"{owner.first} {owner.last}",
            "email": owner.email,
            "role": "Admin" if owner is DANA else "Agent",
            "groups": [{"id": 1, "name": "Sales"}],
            "extension": agent - 3200,
            "timezone": ZONE.key,
            "available": "Yes",
            "on_call": "No",
            "owned_numbers": [LINE] if owner is MAYA else [],
            "shared_numbers": [LINE],
            "created_at": from_ms(made).strftime("%Y-%m-%d %H:%M:%S"),
            "last_login_timestamp": None,
            "working_hours_type": "custom",
            "unavailability_reason": "",
        }
        book.store.add("justcall.users", agent, made, props)
    rng = book.rng("justcall")
    found: list[tuple[int, int, dict[str, Any]]] = []
    for call in phone.calls(book):
        if call.in_phone:
            kind = "Answered" if call.answered else "Missed" if call.inbound else rng.choice(_MISSED)
            found.append(
                (
                    call.at,
                    call.seconds,
                    _call(call.at, call.rep, call.number, call.name, call.inbound, kind, call.seconds, rng),
                )
            )
    for monday in mondays():
        for _ in range(round(2 * season(monday))):
            # rang, and nobody took it: no agent
            when = at(rng.choice(work_days(monday)), rng.uniform(7, 19)) // 1000 * 1000
            kind, caller = (
                rng.choice(("Missed", "Abandoned", "Voicemail")),
                f"1312555{rng.randrange(10_000):04d}",
            )
            found.append((when, 25, _call(when, None, caller, None, True, kind, 0, rng)))
    found.sort(key=lambda one: one[0])
    for number, (when, seconds, props) in enumerate(found):
        ended, call_id = when + seconds * 1000 + 5_000, 88_120_001 + number * 3
        book.store.add("justcall.calls", call_id, ended, props)
        if props["call_info"]["type"] == "Answered" and rng.random() < 0.8:
            info = props["call_info"] | {
                "disposition": rng.choice(("Interested", "Call back", "Not interested")),
                "rating": "4",
            }
            book.store.change(
                "justcall.calls", call_id, ended + round(rng.uniform(0.01, 3) * DAY), {"call_info": info}
            )
    for number, monday in enumerate(list(mondays())[::12]):
        # a few calls of the separate dialer
        when = at(monday + timedelta(days=1), 10)
        props = _call(when, MAYA, f"1312555{9000 + number}", "Dialer contact", False, "Answered", 90, rng)
        book.store.add("justcall.sales_dialer", 5_500_001 + number, when + 100_000, props)


def _call(
    when: int,
    rep: Owner | None,
    number: str | None,
    name: str | None,
    inbound: bool,
    kind: str,
    seconds: int,
    rng: Any,
) -> dict[str, Any]:
    utc, local = from_ms(when), from_ms(when).astimezone(ZONE)
    ring = rng.randint(4, 24)
    hold = rng.randint(5, 40) if kind == "Answered" and seconds > 120 and rng.random() < 0.2 else 0
    talk = max(seconds - hold, 0) if kind == "Answered" else 0
    total = (seconds if kind == "Answered" else 0) + ring
    return {
        "call_sid": f"CA{when:x}",
        "contact_number": number,
        "contact_name": name or "",
        "contact_email": "",
        "justcall_number": LINE,
        "justcall_line_name": "Sales",
        "agent_id": _IDS[rep.id] if rep else None,
        "agent_name": f"{rep.first} {rep.last}" if rep else "",
        "agent_email": rep.email if rep else "",
        "agent_active": "yes" if rep else None,
        "call_date": f"{utc:%Y-%m-%d}",
        "call_time": f"{utc:%H:%M:%S}",
        "call_user_date": f"{local:%Y-%m-%d}",
        "call_user_time": f"{local:%H:%M:%S}",
        "cost_incurred": round(0.013 * (total // 60 + 1), 3),
        "call_info": {
            "direction": "Incoming" if inbound else "Outgoing",
            # webhooks and the API spell it differently
            "type": kind.upper() if rng.random() < 0.05 else kind,
            "missed_call_reason": "No agent available" if rep is None else "",
            "status": "completed" if kind == "Answered" else "no-answer",
            "disposition": "",
            "notes": rng.choice(names.UNUSUAL_TEXTS) if rng.random() < 0.01 else "",
            "rating": "",
            "recording": f"https://recordings.justcall.example/{when:x}" if kind == "Answered" else "",
            "recording_child": "",
            "voicemail_transcription": "",
            "call_traits": [],
        },
        "call_duration": {
            "friendly_duration": f"{total // 3600:02d}:{total // 60 % 60:02d}:{total % 60:02d}",
            "queue_wait_time": 0 if rep else 20,
            "ring_time": ring,
            "hold_time": hold,
            "wrap_up_time": 15 if talk else 0,
            "total_duration": total,
            "conversation_time": talk if talk or rng.random() < 0.9 else None,
            "handle_time": talk + hold + (15 if talk else 0),
        },
        "tags": [],
        "queue_callback": None,
        "queue": None,
        "ivr_info": {"digit_pressed": "", "content": ""},
        "justcall_ai": None,
    }
