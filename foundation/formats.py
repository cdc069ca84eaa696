"""How numbers, amounts and days are written in the company's locale, from the Unicode locale data (babel).

`load_company` chooses the locale of the process. Pages and mails format in Python; `config.settings` hands
the same rules to the sentences that SQL composes.

English days are written `20 Oct 2025`, which Americans and Britons read alike; other languages follow CLDR.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton
from babel.numbers import get_currency_precision, get_currency_symbol

DEFAULT = "en_US"
_SKELETONS = {
    "day": "MMMd",
    "day_year": "yMMMd",
    "weekday": "yMMMEd",
    "weekday_day": "MMMEd",
    "month": "yMMM",
    "month_name": "MMM",
    "day_long": "MMMMd",
    "month_long": "yMMMM",
}
_ENGLISH = {
    "day": "{0.day} {0:%b}",
    "day_year": "{0.day} {0:%b} {0.year}",
    "weekday": "{0:%a} {0.day} {0:%b} {0.year}",
    "weekday_day": "{0:%a} {0.day} {0:%b}",
    "month": "{0:%b} {0.year}",
    "month_name": "{0:%b}",
    "day_long": "{0.day} {0:%B}",
    "month_long": "{0:%B} {0.year}",
}
"""Forms of a day: `20 Oct`, `20 Oct 2025`, `Mon 20 Oct 2025`, `Mon 20 Oct`, `Oct 2025`, `Oct`, `20 October`,
`October 2025`."""


@dataclass(frozen=True)
class Style:
    """The formats of a locale. `money`: an amount's frame, with `¤` for the symbol and `0` for the number."""

    locale: Locale
    group: str
    decimal: str
    percent: str
    money: str

    @property
    def is_english(self) -> bool:
        return self.locale.language == "en"

    def number(self, text: str) -> str:
        """`1,234.5` with the locale's separators."""
        if (self.group, self.decimal) == (",", "."):
            return text
        return text.translate({ord(","): self.group, ord("."): self.decimal})

    def amount(self, text: str, symbol: str) -> str:
        """An amount with its symbol. `text`: of `number`."""
        if self.money == "¤0":
            return f"{symbol}{text}"
        return self.money.replace("¤", symbol.strip()).replace("0", text)

    def date(self, value: date, form: str) -> str:
        """A day in one of the forms of `_SKELETONS`."""
        if self.is_english:
            return _ENGLISH[form].format(value)
        return _in_words(value, form, str(self.locale))


@cache
def style(tag: str) -> Style:
    """The style of a locale such as `en_GB`.

    Raises:
        ValueError: babel does not know the locale.
    """
    try:
        locale = Locale.parse(tag)
    except (ValueError, UnknownLocaleError):
        raise ValueError(f"'{tag}' is not a known locale, expected one such as 'en_GB' or 'de_DE'") from None
    symbols = locale.number_symbols["latn"]
    return Style(
        locale,
        symbols["group"],
        symbols["decimal"],
        _framed(locale.percent_formats[None].pattern),
        _framed(locale.currency_formats["standard"].pattern),
    )


def _framed(pattern: str) -> str:
    """`#,##0.00 ¤` as `0 ¤`."""
    return re.sub(r"[#,.0]+", "0", pattern.split(";")[0], count=1)


@lru_cache(maxsize=4096)
def _in_words(value: date, form: str, tag: str) -> str:
    return format_skeleton(_SKELETONS[form], value, locale=tag)


_chosen: list[Style] = [style(DEFAULT)]


def use_locale(tag: str) -> None:
    """Write in this locale from now on; a process writes for one company."""
    _chosen[0] = style(tag)


def chosen() -> Style:
    """The style in use."""
    return _chosen[0]


@cache
def _symbol(code: str, tag: str) -> str:
    symbol = get_currency_symbol(code, locale=tag)
    return f"{symbol} " if symbol[-1:].isalpha() else symbol


def currency_symbol(code: str) -> str:
    """What is written before an amount: `$` for USD, `CA$` for CAD, `CHF ` for CHF."""
    return _symbol(code, str(chosen().locale))


@cache
def currency_digits(code: str) -> int:
    """Decimals of an amount: 2 for USD, 0 for JPY."""
    return get_currency_precision(code)


def for_sql(tag: str, currency: str) -> dict[str, str]:
    """What SQL needs to write as this locale does.

    DuckDB names months in English only: other languages get days in figures.
    """
    own = style(tag)
    days = {"day": "%-d %b", "day_year": "%-d %b %Y", "month": "%b %Y"}
    if not own.is_english:
        figures = own.locale.datetime_skeletons
        days = {
            form: _strftime(figures[skeleton].pattern)
            for form, skeleton in (("day", "Md"), ("day_year", "yMd"), ("month", "yM"))
        }
    before, _, after = own.money.partition("0")
    symbol = _symbol(currency, str(own.locale))
    return {
        "currency_symbol": symbol if own.money == "¤0" else before.replace("¤", symbol.strip()),
        "currency_after": after.replace("¤", symbol.strip()),
        "currency_digits": str(currency_digits(currency)),
        "group": own.group,
        "decimal": own.decimal,
        **days,
    }


def _strftime(pattern: str) -> str:
    """A CLDR pattern of figures as DuckDB's: `dd.MM.y` is `%d.%m.%Y`."""
    codes = {"d": "%-d", "dd": "%d", "M": "%-m", "MM": "%m", "LL": "%m", "L": "%-m"}
    return re.sub(r"y+|d+|M+|L+", lambda found: codes.get(found[0], "%Y"), pattern)
