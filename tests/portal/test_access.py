"""Who may see, type and set what: pure, without a server."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from foundation.settings.access import AccessSection
from portal.access import Line, Person, Viewer, viewer_of, viewer_of_token

TODAY = date(2025, 10, 27)
PEOPLE = [
    Person("maya", "Maya Torres", "maya@cedar.example"),
    Person("victor", "Victor Lang", "victor@cedar.example", active_to=date(2025, 10, 26)),
    Person("noor", "Noor Haddad", "noor@cedar.example", active_from=date(2025, 10, 28)),
    Person("dana", "Dana Whitfield", "dana@cedar.example"),
]
DIALS = Line("inside_sales.dials", "inside_sales", frozenset({"maya"}))
EVENTS = Line("outside_sales.events", "outside_sales", frozenset({"dana"}), ("maya", "victor"), is_typed=True)
TRAFFIC = Line("marketing.traffic", "marketing", frozenset({"dana"}), is_typed=True)
MRR = Line("outside_sales.mrr", "outside_sales")
CASH = Line("finance.cash", "finance")
BILLS = Line("accounting.bills", "accounting")
LINES = (DIALS, EVENTS, TRAFFIC, MRR, CASH, BILLS)


def access(*roles: dict[str, Any], **values: Any) -> AccessSection:
    return AccessSection.model_validate({"roles": list(roles), **values})


def viewer(access: AccessSection, address: str = "maya@cedar.example") -> Viewer:
    found = viewer_of(access, PEOPLE, address, TODAY)
    assert found
    return found


def sees(viewer: Viewer) -> set[str]:
    return {line.line_id for line in LINES if viewer.may_see(line)}


def test_without_roles_the_people_of_the_company_see_what_is_not_confidential() -> None:
    maya = viewer(access(), "MAYA@cedar.example ")
    assert sees(maya) == {line.line_id for line in LINES} - {CASH.line_id, BILLS.line_id}
    assert (maya.who, maya.name, maya.is_admin, maya.sets_goals) == ("maya", "Maya Torres", False, False)
    assert maya.may_open("scorecard", [DIALS, TRAFFIC]) and not maya.may_open("ceo", [DIALS, CASH])
    assert maya.may_open("sales", None) and not maya.may_open("contacts", None, restricted=True)


@pytest.mark.parametrize(
    "address",
    ["victor@cedar.example", "noor@cedar.example", "eve@cedar.example", "", "*@cedar.example", "maya"],
)
def test_without_roles_nobody_else_gets_in(address: str) -> None:
    assert viewer_of(access(), PEOPLE, address, TODAY) is None


def test_who_has_left_is_out_whatever_a_role_or_admins_say() -> None:
    role = {"name": "all", "people": ["victor", "*@cedar.example", "victor@cedar.example"]}
    left = access(role, admins=["victor@cedar.example"])
    assert viewer_of(left, PEOPLE, "victor@cedar.example", TODAY) is None
    assert viewer_of(left, PEOPLE, "victor@cedar.example", date(2025, 10, 26))


def test_everything_never_includes_what_is_confidential() -> None:
    everything = {"name": "all", "people": ["maya"], "sections": ["*"]}
    assert sees(viewer(access(everything))) == {line.line_id for line in LINES} - {
        CASH.line_id,
        BILLS.line_id,
    }
    assert sees(viewer(access({**everything, "sections": ["*", "finance"]}))) == {
        line.line_id for line in LINES
    } - {BILLS.line_id}
    assert sees(viewer(access({**everything, "sections": ["finance.cash"]}))) == {CASH.line_id}
    # a line that is confidential itself must be named itself
    secret = {"confidential": ["outside_sales.mrr"]}
    assert MRR.line_id not in sees(
        viewer(access({**everything, "sections": ["*", "outside_sales"]}, **secret))
    )
    assert MRR.line_id in sees(viewer(access({**everything, "sections": ["outside_sales.mrr"]}, **secret)))


def test_roles_add_up_and_who_has_none_only_types() -> None:
    one = {"name": "one", "people": ["maya"], "pages": ["scorecard"], "sections": ["inside_sales"]}
    two = {
        "name": "two",
        "people": ["*@cedar.example"],
        "sections": ["finance"],
        "pages": ["ceo"],
        "sets_goals": True,
    }
    both = viewer(access(one, two))
    assert both.roles == ("one", "two") and sees(both) == {DIALS.line_id, CASH.line_id}
    assert both.may_open("ceo", [CASH]) and not both.may_open("coo", [CASH])
    assert both.may_set_goal(CASH) and not both.may_set_goal(TRAFFIC)
    dana = viewer(access(one), "dana@cedar.example")
    assert sees(dana) == set() and not dana.may_open("weeks", None)
    assert dana.types_for(TRAFFIC) == (None,)


def test_guests_come_in_by_address_or_domain() -> None:
    board = {"name": "board", "people": ["*@board.example", "eve@x.example"], "sections": ["finance"]}
    guest = viewer(access(board), "Chair@Board.example")
    assert guest.person_key is None and guest.who == "chair@board.example" and sees(guest) == {CASH.line_id}
    assert viewer(access(board), "eve@x.example").types_for(EVENTS) == ()
    assert viewer_of(access(board), PEOPLE, "chair@notboard.example", TODAY) is None
    assert viewer_of(access(board), PEOPLE, "chair@board.example.evil.example", TODAY) is None


def test_an_admin_without_a_role_sees_nothing_confidential() -> None:
    role = {"name": "cfo", "people": ["cfo@x.example"], "sections": ["finance"]}
    dana = viewer(access(role, admins=["Dana@cedar.example"]), "dana@cedar.example")
    assert dana.is_admin and dana.sets_goals and not dana.may_see(CASH) and dana.may_see(DIALS)


def test_people_type_their_own_parts_only() -> None:
    maya, dana = viewer(access()), viewer(access(), "dana@cedar.example")
    assert maya.types_for(EVENTS) == ("maya",) and maya.types_for(TRAFFIC) == ()
    assert dana.types_for(EVENTS) == ("maya", "victor") and dana.types_for(TRAFFIC) == (None,)
    assert maya.types_for(DIALS) == ()  # a system counts it


def test_a_token_may_what_its_role_allows() -> None:
    role = {
        "name": "bi",
        "people": ["x@x.example"],
        "sections": ["marketing"],
        "types": ["marketing.traffic"],
    }
    token = viewer_of_token(access(role), "power-bi", "bi")
    assert token and token.who == "token power-bi" and sees(token) == {TRAFFIC.line_id}
    assert token.types_for(TRAFFIC) == (None,) and token.types_for(EVENTS) == () and not token.is_admin
    assert viewer_of_token(access(), "power-bi", "bi") is None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"sign_in": ["sms"]}, "sign_in"),
        ({"sign_in": ["proxy"]}, 'sign_in "proxy" needs proxies'),
        ({"proxies": ["10.0.0.0/33"]}, "'10.0.0.0/33' is not an address or a network"),
        ({"admins": ["dana"]}, "'dana' is not an e-mail address"),
        ({"roles": [{"name": "All", "people": ["maya"]}]}, "'All' is not valid, expected a name such as"),
        ({"roles": [{"name": "all", "people": ["*"]}]}, "'*' would let everybody in"),
        ({"roles": [{"name": "all", "people": ["*@"]}]}, "'*@' is not a domain"),
        ({"roles": [{"name": "all", "people": []}]}, "at least 1 item"),
        ({"roles": [{"name": "all", "people": ["m"]}] * 2}, "the role all appears twice"),
        ({"roles": [{"name": "all", "people": ["m"], "sections": ["fin ance"]}]}, "'fin ance' is not an id"),
    ],
)
def test_a_wrong_value_is_one_sentence(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError) as caught:
        AccessSection.model_validate(values)
    assert says in str(caught.value)
