"""`[access]` of company.toml: who may read, type and set what in the portal, and what is confidential."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from foundation.settings.types import (
    Id,
    MailAddress,
    NetworkAddress,
    Table,
    WebAddressOrEmpty,
    checked_id,
    mail_address,
    matching,
)

EVERYTHING = "*"


def _member(value: str) -> str:
    """A person_key, an address, or all addresses of a domain, in lower case."""
    domain = value.removeprefix("*@")
    if domain != value:
        if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", domain, re.ASCII):
            raise ValueError(f"{value[:80]!r} is not a domain, expected one such as '*@example.com'")
        return value.lower()
    if "@" in value:
        return mail_address(value).lower()
    if value == EVERYTHING:
        raise ValueError(
            "'*' would let everybody in; name people, addresses, or a domain such as '*@example.com'"
        )
    return checked_id(value)


def _all_or_id(value: str) -> str:
    return value if value == EVERYTHING else checked_id(value)


Member = Annotated[str, AfterValidator(_member)]
AllOrId = Annotated[str, AfterValidator(_all_or_id)]


class Role(Table):
    """What a group of people may see and do. Who is in several roles may do what any of them allows."""

    name: Annotated[str, matching(r"[a-z][a-z0-9_-]{0,40}", "a name such as 'leadership'")]
    people: Annotated[list[Member], Field(min_length=1)]
    """Keys of people.csv, addresses, or `*@domain`."""
    pages: list[AllOrId] = [EVERYTHING]
    sections: list[AllOrId] = [EVERYTHING]
    """Sections and lines (`section.metric`). `*`: every one that is not confidential."""
    types: list[AllOrId] = []
    """Sections and lines that they may type in besides their own; a token may type in nothing else."""
    sets_goals: bool = False
    contact_names: bool = False
    """Whether they may open the pages with names of contacts (`pages.contact_names`)."""


class AccessSection(Table):
    sign_in: Annotated[list[Literal["mail", "oidc", "proxy"]], Field(min_length=1)] = ["mail"]
    """The ways to sign in: a link by mail, an OpenID Connect provider, or a proxy that has signed people
    in."""
    portal_url: WebAddressOrEmpty = ""
    """The address under which people open the portal. Empty: where it listens."""
    confidential: list[Id] = ["finance", "accounting"]
    """Sections and lines for those only who are named for them: mails go to subscriptions that name them, or
    a page with them; in the portal a role must name them."""
    admins: list[MailAddress] = []
    roles: list[Role] = []
    """Empty: every active person of people.csv reads what is not confidential."""
    proxies: list[NetworkAddress] = []
    """Addresses or networks of reverse proxies. Only theirs are the headers that tell the client's address,
    and who has signed in."""
    proxy_header: Annotated[
        str, matching(r"[A-Za-z][A-Za-z-]{0,60}", "a header such as 'X-Forwarded-Email'")
    ] = "X-Forwarded-Email"
    """With the way `proxy`: the header with the address of who has signed in."""

    @model_validator(mode="after")
    def _complete(self) -> AccessSection:
        names = [role.name for role in self.roles]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the role {', '.join(twice)} appears twice; put its people into one")
        if "proxy" in self.sign_in and not self.proxies:
            raise ValueError('sign_in "proxy" needs proxies: the addresses whose header is believed')
        return self
