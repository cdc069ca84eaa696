"""Who may see, type and set what. Pure: it asks no database and no clock.

A section or a line is confidential where `access.confidential` lists it; then only a role that names it lets
somebody see it, and `*` does not. A page may be seen if every line on it may be.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from foundation.settings.access import EVERYTHING, AccessSection, Role

SELECTIVE_PAGES = frozenset({"weeks", "data_health", "definitions"})
"""Pages without lines of their own that leave out what their reader may not see, so everybody may open
them."""


@dataclass(frozen=True)
class Person:
    """A row of people.csv."""

    key: str
    name: str
    address: str
    active_from: date | None = None
    active_to: date | None = None

    def is_active(self, today: date) -> bool:
        return (self.active_from or today) <= today <= (self.active_to or today)


@dataclass(frozen=True)
class Line:
    """A line of the scorecard, as far as access is concerned."""

    line_id: str
    section: str
    owners: frozenset[str] = frozenset()
    people: tuple[str, ...] = ()
    """Whose numbers it counts; nobody: it is one number."""
    is_typed: bool = False
    """Its numbers are typed in."""
    sources: frozenset[str] = frozenset()
    """The systems that it is computed from."""


@dataclass(frozen=True)
class Viewer:
    """Somebody who has signed in, or the token of a program."""

    name: str
    address: str | None = None
    """Lower case. None: a program."""
    person_key: str | None = None
    """In people.csv; None: somebody from outside, or a program."""
    token: str | None = None
    """The name of the program's token."""
    roles: tuple[str, ...] = ()
    pages: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    is_admin: bool = False
    sets_goals: bool = False
    contact_names: bool = False
    confidential: frozenset[str] = frozenset()

    @property
    def who(self) -> str:
        """As the audit and the trail of a number name them."""
        return self.person_key or self.address or f"token {self.token}"

    def may_see(self, line: Line) -> bool:
        """Whether they may see a line, its receipts, goals and history."""
        if line.line_id in self.confidential:
            return line.line_id in self.sections
        named = {line.line_id, line.section} & self.sections
        return bool(named) or (EVERYTHING in self.sections and line.section not in self.confidential)

    def may_open(self, page: str, lines: Collection[Line] | None, *, restricted: bool = False) -> bool:
        """Whether they may open a page.

        Args:
            lines: those on it; None: it does not consist of lines.
            restricted: it names contacts.
        """
        if not {page, EVERYTHING} & self.pages or (restricted and not self.contact_names):
            return False
        if lines is None:
            return page in SELECTIVE_PAGES or page in self.pages or EVERYTHING in self.sections
        return all(self.may_see(line) for line in lines)

    def types_for(self, line: Line) -> tuple[str | None, ...]:
        """Whose parts of a line they may type in: their own; all parts of a line that they own without being
        counted in it, or that a role lets them type in. None: the line is one number."""
        if not line.is_typed:
            return ()
        if {line.line_id, line.section} & self.types or (EVERYTHING in self.types and self.may_see(line)):
            return line.people or (None,)
        if self.person_key is None:
            return ()
        if self.person_key in line.people:
            return (self.person_key,)
        return (line.people or (None,)) if self.person_key in line.owners else ()

    def may_answer(self, line: Line) -> bool:
        """Whether they may write notes and actions about a line, and confirm a new normal: its owners, who
        sets goals, and programs that type it in."""
        if not self.may_see(line):
            return False
        types = bool({line.line_id, line.section, EVERYTHING} & self.types)
        return self.sets_goals or types or self.person_key in line.owners

    def may_set_goal(self, line: Line) -> bool:
        return self.sets_goals and self.may_see(line)

    def with_roles(self, access: AccessSection, roles: Sequence[Role], *, everything: bool = False) -> Viewer:
        """The same with what roles allow together. `everything`: also all pages, and what is not
        confidential."""
        rest = {EVERYTHING} if everything else set()
        return replace(
            self,
            roles=tuple(role.name for role in roles),
            pages=frozenset(rest.union(*(role.pages for role in roles))),
            sections=frozenset(rest.union(*(role.sections for role in roles))),
            types=frozenset().union(*(role.types for role in roles)),
            sets_goals=self.sets_goals or any(role.sets_goals for role in roles),
            contact_names=any(role.contact_names for role in roles),
            confidential=frozenset(access.confidential),
        )


def viewer_of(access: AccessSection, people: Sequence[Person], address: str, today: date) -> Viewer | None:
    """Who signs in with an address, and what their roles allow today; None: they may not come in.

    Whoever is in people.csv must be active. Without roles, all of them read what is not confidential; with
    roles, those without one only type their own lines in.
    """
    address = address.strip().lower()
    person = next((one for one in people if one.address == address), None)
    if person is not None and not person.is_active(today):
        return None
    names = {address, f"*@{address.rpartition('@')[2]}"} | ({person.key} if person else set())
    roles = [role for role in access.roles if names & set(role.people)]
    is_admin = address in {admin.lower() for admin in access.admins}
    if person is None and not roles and not is_admin:
        return None
    return Viewer(
        person.name if person else address,
        address,
        person.key if person else None,
        is_admin=is_admin,
        sets_goals=is_admin,
    ).with_roles(access, roles, everything=not access.roles or (is_admin and not roles))


def viewer_of_token(access: AccessSection, name: str, role: str) -> Viewer | None:
    """What the token of a program allows: what its role does. None: the role is gone."""
    roles = [one for one in access.roles if one.name == role]
    return Viewer(name, token=name).with_roles(access, roles) if roles else None
