"""Notes, actions and new normals: who may write them, where they are shown, what is kept of them, and that
nobody reads what they may not see."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI

from benchmarks.false_alarms import as_points, signals
from foundation.settings import Settings
from foundation.store import read
from foundation.store.actions import present_actions
from foundation.store.audit import audit_records
from foundation.store.normals import normals_of
from foundation.store.notes import notes_of, standing_notes
from portal.app import create_app
from portal.new_normal import Ranges
from portal.usual_range import usual_range
from reports.words.signal import range_text
from tests.portal.conftest import ADDRESS, DANA, GUEST, MAYA, NOBODY, SAM, Browser, with_access

DIALS, W43 = "inside_sales.dials", date(2025, 10, 20)
NOTE = f"/lines/{DIALS}/notes/2025-W43"
NORMAL = f"/lines/{DIALS}/normal"
WORDS = 'Two days at the fair <b>& "calls"</b>. From Monday on, the new list.'


def key() -> str:
    key.n += 1  # type: ignore[attr-defined]
    return f"key-{key.n:08d}"  # type: ignore[attr-defined]


key.n = 0  # type: ignore[attr-defined]


def noted(browser: Browser, text: str, seen: int = 0, **more: str) -> int:
    fields = {"note": text, "seen": str(seen), "key": key(), **more}
    return browser.post(NOTE, on="/account", **fields).status_code


def test_a_missed_line_owes_a_note_until_its_owner_has_written_one(maya: Browser, dana: Browser) -> None:
    owing, said = maya.get("/week").text.split('id="open"')
    assert f'id="{DIALS}"' in owing and "Reactive" not in owing and 'id="said"' not in said
    assert noted(maya, WORDS, back="week") == 303
    page = maya.get("/week").text
    assert f'id="{DIALS}"' not in page
    owing, others = page.split('id="others"')
    assert re.findall(r'href="/lines/(inside_sales[^"]+)"', others) == ["inside_sales.conversations_dm"]
    assert "inside_sales.ftas_set" in owing and "Met" in others and "Missed" not in others
    assert 'id="others"' not in maya.get("/week?all=yes").text
    escaped = "Two days at the fair &lt;b&gt;&amp; &#34;calls&#34;&lt;/b&gt;. From Monday on, the new list."
    for browser, path in (
        (maya, "/week"),
        (maya, NOTE),
        (dana, f"/lines/{DIALS}"),
        (dana, "/periods/2025-W43"),
        (dana, "/notes"),
    ):
        text = browser.get(path).text
        assert escaped in text and "Maya Torres, " in text and "<b>& " not in text, path


def test_a_note_is_edited_with_a_trail_and_taken_back(maya: Browser, dana: Browser) -> None:
    assert noted(maya, "") == 422
    assert noted(maya, "x" * 501) == 422
    assert noted(maya, "A fair.") == 303
    assert noted(dana, "Two fairs.", seen=1) == 303
    answer = maya.post(NOTE, note="A fair, I said.", seen="1", key=key())
    assert answer.status_code == 422 and "Somebody else has changed this note" in answer.text
    assert "A fair, I said." in answer.text, "what was typed is still there"
    assert noted(maya, " ", seen=2) == 303
    page = maya.get(NOTE).text
    assert re.findall(r"<li>([^<]+)<br>(\w+)", page) == [
        ("Taken back", "Maya"),
        ("Two fairs.", "Dana"),
        ("A fair.", "Maya"),
    ]
    with read(maya.settings) as connection:
        assert standing_notes(connection) == [] and len(notes_of(connection, DIALS)) == 3
        actions = [one.action for one in audit_records(connection) if "note" in one.action]
    assert actions == ["took_back_note", "edited_note", "wrote_note"]


def test_the_same_form_twice_is_one_note(maya: Browser) -> None:
    fields = {
        "note": "A fair.",
        "what": "Call again",
        "owner": "maya_torres",
        "due": "2025-11-03",
        "key": key(),
    }
    for _ in range(2):
        assert maya.post(NOTE, **fields).status_code == 303
    with read(maya.settings) as connection:
        assert len(notes_of(connection, DIALS)) == len(present_actions(connection)) == 1


@pytest.mark.parametrize(("who", "may"), [(DANA, True), (MAYA, True), (SAM, False), (NOBODY, False)])
def test_owners_leaders_and_administrators_write(app: FastAPI, who: str, may: bool) -> None:
    browser = Browser(app).sign_in(who)
    page = browser.get(NOTE)
    assert page.status_code == 200 and ("<textarea" in page.text) == may
    assert noted(browser, "A fair.") == (303 if may else 403)
    assert browser.get(NORMAL).status_code == (200 if may else 403)
    answer = browser.post(NORMAL, week="2025-W43", reason="A new dialer", key=key())
    assert answer.status_code == (303 if may else 403)


def test_an_action_comes_back_until_it_is_done(maya: Browser, app: FastAPI) -> None:
    fields = {
        "what": "Call the list again",
        "owner": "victor_lang",
        "due": "2025-11-03",
        "note": "A fair.",
        "key": key(),
    }
    assert maya.post(NOTE, **fields).status_code == 303
    with read(maya.settings) as connection:
        (action,) = present_actions(connection)
    path = f"/actions/{action.action_id}"
    victor = Browser(app).sign_in("victor.lang@cedar-ridge.example")
    assert "Call the list again" in victor.get("/week").text, "his, though the line is Maya's"
    sam = Browser(app).sign_in(SAM)
    assert sam.post(path, state="done", seen="1", key=key()).status_code == 403
    assert victor.post(path, state="done", seen="1", key=key()).status_code == 303
    assert "Call the list again" not in victor.get("/week").text.split('id="open"')[1]
    stale = maya.post(path, due="2025-11-10", seen="1", key=key())
    assert stale.status_code == 422 and "Somebody else has changed this action" in stale.text
    assert maya.post(path, state="open", seen="2", key=key()).status_code == 303
    page = maya.get(path).text
    assert re.findall(r"<li><b>(\w+)</b>: .*?<br>(\w+) ", page) == [
        ("Open", "Maya"), ("Done", "Victor"), ("Open", "Maya"),
    ]  # fmt: skip
    assert "Call the list again" in maya.get("/notes?q=LIST+victor").text
    assert "Call the list again" not in maya.get("/notes?q=list+nobody").text


def test_an_action_that_cannot_be_is_refused_and_nothing_is_saved(maya: Browser) -> None:
    for fields, sentence in (
        ({"due": "soon"}, "&#39;soon&#39; is not a valid date, expected YYYY-MM-DD"),
        ({"due": "2025-10-26"}, "2025-10-26 is not a day from today (2025-10-27)"),
        ({"owner": "nobody_here"}, "is not somebody of people.csv who may see this line"),
        ({"key": "x"}, "The form is not complete"),
    ):
        form = {
            "note": "A fair.",
            "what": "Call",
            "owner": "maya_torres",
            "due": "2025-11-03",
            "key": key(),
        } | fields
        answer = maya.post(NOTE, **form)
        assert answer.status_code == 422 and sentence in answer.text
    with read(maya.settings) as connection:
        assert present_actions(connection) == [] == notes_of(connection, DIALS)


def test_an_overdue_action_says_so(maya: Browser) -> None:
    assert noted(maya, "", what="Call", owner="maya_torres", due="2025-10-27") == 303
    later = maya.settings.model_copy(update={"as_of": maya.settings.now() + timedelta(days=2)})
    assert "overdue since" not in maya.get("/week").text
    assert "overdue since" in Browser(create_app(later, ADDRESS)).sign_in(MAYA).get("/week").text


CASH = "/lines/finance.cash_position/notes/2025-W43"


def test_what_is_written_about_a_confidential_line_reaches_who_is_named_for_it(
    settings: Settings, tmp_path: Path
) -> None:
    few = create_app(with_access(settings, tmp_path), ADDRESS)
    dana = Browser(few).sign_in(DANA)
    refused = dana.post(
        CASH, note="A tax payment.", what="Ask the bank", owner="maya_torres", due="2025-11-03", key=key()
    )
    assert refused.status_code == 422 and "who may see this line" in refused.text, "she may not see it"
    assert "Maya Torres" not in dana.get(CASH).text
    saved = dana.post(
        CASH, note="A tax payment.", what="Ask the bank", owner="dana_whitfield", due="2025-11-03", key=key()
    )
    assert saved.status_code == 303
    with read(settings) as connection:
        (action,) = present_actions(connection)
        told = [one.subject for one in audit_records(connection) if one.action == "opened_confidential"]
    assert "note on finance.cash_position 2025-W43" in told
    guest, maya = Browser(few).sign_in(GUEST), Browser(few).sign_in(MAYA)
    for path in ("/week?all=yes", "/notes", "/lines/finance.cash_position", f"/actions/{action.action_id}"):
        assert "Ask the bank" in guest.get(path).text, path
        assert "Ask the bank" not in maya.get(path).text and "tax" not in maya.get(path).text, path
    for path in (CASH, f"/actions/{action.action_id}", "/lines/finance.cash_position/normal"):
        assert maya.get(path).status_code == 404
        assert (
            maya.post(
                path, note="x", state="done", seen="1", reason="x", week="2025-W43", key=key()
            ).status_code
            == 404
        )
    assert guest.post(CASH, note="x", key=key()).status_code == 403, "who reads does not write"


def test_a_new_normal_shows_the_range_before_and_after(maya: Browser) -> None:
    values = np.random.default_rng(1).normal(100, 10, 30).round()
    weeks = [W43 - timedelta(weeks=n) for n in range(30)][::-1]
    judged = signals(as_points(np.array([values])))
    with duckdb.connect(str(maya.settings.published_path)) as connection:
        columns = [row[0] for row in connection.execute("describe marts.fct_signals").fetchall()]
        frame = judged.assign(line_id=DIALS, week_start=weeks, base_from=weeks[0], base_to=weeks[25])[columns]
        connection.execute("delete from marts.fct_signals where line_id = ?", [DIALS])
        connection.from_df(frame).insert_into("marts.fct_signals")
    usual = range_text(*(float(judged.iloc[-1][side]) for side in ("lower", "upper")), "count")
    assert f"{usual}, computed from 26 weeks" in maya.get(NORMAL).text
    few = maya.post(f"{NORMAL}/preview", week="2025-W41", reason="New dialer", key=key())
    assert "No range yet: 3 of 10 weeks" in few.text
    enough = Ranges(
        None, usual_range([float(v) for v in values[-12:]], is_share=False, is_signed=False), "count"
    )
    assert enough.before == "No range yet: 0 of 10 weeks" and enough.after.endswith(
        ", computed from 12 weeks"
    )
    for wrong in ({"week": "2025-W41", "reason": ""}, {"week": "2025-W50", "reason": "x"}):
        assert maya.post(NORMAL, **wrong, key=key()).status_code == 422
    assert maya.post(NORMAL, week="2025-W41", reason="New dialer", key=key()).status_code == 303
    assert "is confirmed already" in maya.post(NORMAL, week="2025-W41", reason="Again", key=key()).text
    assert "New dialer" in maya.get(f"/lines/{DIALS}").text
    gone = maya.post(NORMAL, starts_on="2025-10-06", withdraw="yes", reason="It broke", key=key())
    assert gone.status_code == 303 and "New dialer" not in maya.get(f"/lines/{DIALS}").text
    with read(maya.settings) as connection:
        assert [one.is_withdrawn for one in normals_of(connection, DIALS)] == [False, True]


def test_published_notes_stand_beside_their_numbers_for_who_may_see_them(
    settings: Settings, tmp_path: Path
) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        for line, note in ((DIALS, WORDS), ("finance.cash_position", "A tax payment.")):
            connection.execute(
                "insert into marts.fct_notes values (?, ?, '2025-W43', ?, 'Maya Torres', '2025-10-27T12:00:00Z', false)",
                [line, W43, note],
            )
        connection.execute(
            "insert into marts.fct_actions (action_id, line_id, what, owner_name, due_on, action_state) values"
            " ('a', ?, 'Call <b>again</b>', 'Victor Lang', '2025-10-31', 'open')",
            [DIALS],
        )
    few = create_app(with_access(settings, tmp_path), ADDRESS)
    pages = ("/scorecard.html", "/receipts/2025-W43.html", "/finance.html")
    seen = {who: [Browser(few).sign_in(who).get(path).text for path in pages] for who in (DANA, MAYA)}
    by = '<span class="by">Maya Torres, Mon 27 Oct 2025, 07:00 CDT</span>'
    assert "Two days at the fair &lt;b&gt;&amp; &#34;calls" in seen[DANA][0] and by in seen[DANA][0]
    assert "Call &lt;b&gt;again&lt;/b&gt;: Victor Lang, by 31 Oct" in seen[DANA][0]
    assert "Two days at the fair &lt;b&gt;" in seen[DANA][1] and by in seen[MAYA][1]
    assert any("A tax payment." in page for page in seen[DANA])
    assert not any("A tax payment." in page for page in seen[MAYA])
    assert Browser(few).sign_in(DANA).get("/scorecard.pdf").content.startswith(b"%PDF-"), (
        "typst takes the notes"
    )


def test_the_range_is_that_of_the_model() -> None:
    lines: dict[str, tuple[list[float], int]] = {}
    for seed in range(12):
        random = np.random.default_rng(seed)
        made = (
            random.normal(100, 10, 40), random.poisson(0.4, 40), random.lognormal(3, 1, 40), np.cumsum(random.normal(2, 1, 40)),
            np.clip(random.normal(0.9, 0.1, 40), 0, 1), np.full(40, 7.0),
        )[seed % 6]  # fmt: skip
        for n in (1, 9, 10, 11, 26, 39):
            lines[f"{seed} {n}"] = [float(value) for value in made[: n + 1]], seed

    def points(line: str, values: list[float], seed: int) -> pd.DataFrame:
        made = as_points(np.array([values])).assign(
            line_id=line, unit="percent" if seed % 6 == 4 else "count"
        )
        if seed >= 6:  # a week before the sixth is unknown
            made["stretch"] = (made.index >= 5).astype(int)
        return made

    # one statement for all: it takes longer to plan than to run
    weeks = signals(pd.concat(points(line, *given) for line, given in lines.items()))
    newest = weeks.groupby("line_id").last(skipna=False)
    for line, (values, seed) in lines.items():
        follows = [i != 5 or seed < 6 for i in range(len(values) - 1)]
        week = newest.loc[line]
        found = usual_range(values[:-1], is_share=seed % 6 == 4, is_signed=False, follows=follows)
        assert found
        if found.lower is None:
            assert week.no_range == found.no_range, (line, found)
        else:
            assert (week.lower, week.upper, week.centre) == pytest.approx(
                (found.lower, found.upper, found.centre)
            ), line
