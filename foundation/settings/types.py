"""Types of settings, checked when they are read: one line of text, an e-mail address, a web address, an id.

Every check raises ValueError with a text that says what is expected; `foundation.settings` puts the file and
the key in front of it.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from datetime import date, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foundation.formats import style


class Table(BaseModel):
    """Base of every section of company.toml: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


LONGEST_LINE = 200
_HEADERS = HeaderRegistry()


_zones = functools.cache(available_timezones)  # it walks through hundreds of files


def _known_zone(value: str) -> str:
    if value not in _zones():
        raise ValueError(f"unknown time zone {value!r}; use an IANA name such as 'America/Chicago'")
    return value


def matching(pattern: str, expected: str) -> AfterValidator:
    """A text that matches `pattern`. `expected`: what that is, with an example, for the error."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value[:80]!r} is not valid, expected {expected}")
        return value

    return AfterValidator(check)


def _line(value: str) -> str:
    if not value.strip():
        raise ValueError("expected a text, got an empty one; remove the key to leave it out")
    if not value.isprintable():
        raise ValueError(
            f"{value[:80]!r} holds a line break or an invisible character; expected one line of text"
        )
    if len(value) > LONGEST_LINE:
        raise ValueError(f"expected at most {LONGEST_LINE} characters, got {len(value)}")
    return value


def checked_id(value: str) -> str:
    """An id or a name in another system: no space and no separator, so that two ids are never read as one.

    Raises:
        ValueError: it is not one.
    """
    if not re.fullmatch(r"[\w.:-]{1,200}", value):
        raise ValueError(
            f"{value[:80]!r} is not an id; expected letters, digits, '-', '_', '.' or ':', and each id on"
            " its own"
        )
    return value


def _account_id(value: str) -> str:
    """An ad account as people copy it (111-222-3333, act_555, urn:li:sponsoredAccount:5001), as its
    digits."""
    if not re.fullmatch(r"(act_|urn:li:sponsoredAccount:)?\d+(-\d+)*", value.strip()):
        raise ValueError(
            f"{value[:80]!r} is not the id of an ad account; expected digits such as '111-222-3333', and each"
            " id on its own"
        )
    return "".join(sign for sign in value if sign.isdigit())


def mail_address(value: str) -> str:
    """One e-mail address without a name, as an envelope needs it.

    Raises:
        ValueError: it is not one.
    """
    text = value.strip()
    wrong = ValueError(f"{value[:80]!r} is not an e-mail address, expected one such as 'name@example.com'")
    if not value.isprintable() or not text.isascii() or " " in text:
        raise wrong
    try:
        address = Address(addr_spec=text)
    except (HeaderParseError, ValueError, IndexError):
        raise wrong from None
    if not address.username or not re.fullmatch(r"[\w-]+(\.[\w-]+)*", address.domain):
        raise wrong
    return address.addr_spec


def _sender(value: str) -> str:
    wrong = ValueError(
        f"{value[:80]!r} is not a sender, expected one such as 'Scoreline <scoreline@example.com>'"
    )
    if not value.isprintable():
        raise wrong
    header: Any = _HEADERS("from", value)
    if header.defects or len(header.addresses) != 1 or header.groups[0].display_name is not None:
        raise wrong
    mail_address(header.addresses[0].addr_spec)
    return value


def is_loopback(host: str | None) -> bool:
    """Whether a host of an address is this machine: what is sent there travels nowhere."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _network(value: str) -> str:
    """One address or a network of them: `10.0.0.7`, `10.0.0.0/24`."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError(
            f"{value[:80]!r} is not an address or a network, expected one such as '127.0.0.1' or"
            " '10.0.0.0/24'"
        ) from None


def _web_address(value: str) -> str:
    wrong = ValueError(
        "not a web address, expected one such as 'https://example.com' or 'http://127.0.0.1:8080/path'"
    )
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise wrong from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port == 0
        or not re.fullmatch(r"[\x21-\x7e]+", value)
    ):
        raise wrong
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(
            "a web address here has no user, query or fragment, expected one such as 'https://example.com'"
        )
    return value


Currency = Annotated[str, matching(r"[A-Z]{3}", "a currency code such as 'USD'")]
Name = Annotated[
    str, matching(r"[a-z][a-z0-9_]*", "lower-case letters, digits and '_' such as 'yearly_capacity'")
]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
LocaleTag = Annotated[str, AfterValidator(lambda tag: str(style(tag).locale))]
"""A locale of babel, such as `en_GB`."""
Line = Annotated[str, AfterValidator(_line)]
"""One line of readable text: names, labels, words that a vendor uses."""
Id = Annotated[str, AfterValidator(checked_id)]
AccountId = Annotated[str, AfterValidator(_account_id)]
MailAddress = Annotated[str, AfterValidator(mail_address)]
Sender = Annotated[str, AfterValidator(_sender)]
"""An address with or without a name."""
NetworkAddress = Annotated[str, AfterValidator(_network)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
WebAddressOrEmpty = Annotated[str, AfterValidator(lambda value: value and _web_address(value))]
Memory = Annotated[
    str, matching(r"[1-9]\d{2,5}MB|[1-9]\d{0,2}GB", "at least 100MB, such as '500MB' or '2GB'")
]
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 1, 1))]


def interval(value: str) -> timedelta:
    """`30m` or `4h` as time.

    Raises:
        ValueError: it is not one, or not between 15 minutes and a day.
    """
    found = re.fullmatch(r"(\d{1,4})([mh])", value)
    length = timedelta(**{{"m": "minutes", "h": "hours"}[found[2]]: int(found[1])}) if found else None
    if length is None or not timedelta(minutes=15) <= length <= timedelta(hours=24):
        raise ValueError(
            f"{value[:80]!r} is not a valid interval, expected minutes or hours from '15m' to '24h', such as"
            " '1h'"
        )
    return length


def _interval(value: str) -> str:
    interval(value)
    return value


Interval = Annotated[str, AfterValidator(_interval)]
"""A length of time as `interval` reads it."""
Days = Annotated[int, Field(ge=1, le=3_660)]
Months = Annotated[int, Field(ge=1, le=120)]
