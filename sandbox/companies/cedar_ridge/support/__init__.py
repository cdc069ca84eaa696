"""The support side: the mailbox for the clients' users in Zendesk, and the chat on the website in Intercom.

Both are worked by the same people in office hours. Delays are drawn in business minutes and walked over
nights, weekends and holidays, so that calendar and business figures tell different stories; a week's mood
makes some weeks miss the goal of 16 hours.
"""

from __future__ import annotations

from sandbox.companies.base import Book, mondays
from sandbox.companies.cedar_ridge.support.hours import arrivals, mood_of
from sandbox.companies.cedar_ridge.support.intercom import write_conversation, write_workspace
from sandbox.companies.cedar_ridge.support.zendesk import write_account, write_odd_tickets, write_ticket


def write_zendesk(book: Book) -> None:
    """Agents, groups and the tickets of the support mailbox."""
    write_account(book)
    for monday in mondays():
        rng = book.rng("zendesk", monday)
        mood = mood_of(book, monday)
        for opened in arrivals(rng, monday, 29):
            write_ticket(book, rng, opened, mood)
    write_odd_tickets(book)


def write_intercom(book: Book) -> None:
    """Admins, teams and the conversations of the website's chat."""
    write_workspace(book)
    for monday in mondays():
        rng = book.rng("intercom", monday)
        mood = mood_of(book, monday)
        for started in arrivals(rng, monday, 17):
            write_conversation(book, rng, started, mood)
