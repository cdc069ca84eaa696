"""Typed-in numbers: good rows load, bad rows are named with file and line, and one broken file never stops
the others."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.kinds.csv_files import read_folder
from dlt_pipelines.sources import manual
from dlt_pipelines.sources.manual import connect, read_all
from foundation.cells import Rejected
from foundation.settings import Company, Settings
from foundation.store import begin
from foundation.store.entries import add_entry
from foundation.typed_in import checked_value, names
from tests.dlt_pipelines.conftest import query
from tests.support.smtp import free_port

HEADER = "metric,person,week,value,note,entered_by,entered_at\n"
GOOD = "networking_events,maya_torres,2025-W43,2,Chamber,maya_torres,2025-10-24T15:00:00-05:00\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "typed"
    path.mkdir()
    monkeypatch.setenv("SCORELINE_MANUAL_DIR", str(path))
    return path


def rejected(
    folder: Path, company: Company, content: str | bytes, name: str = "a.csv"
) -> list[tuple[int, str]]:
    """(line, reason) of every rejected row after a load of one file."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    load("manual", Settings(), company)
    return query(Settings(), "select line, reason from raw_manual.rejected order by file, line")


def test_a_good_row_becomes_an_entry(folder: Path, company: Company) -> None:
    assert (
        rejected(
            folder,
            company,
            HEADER + GOOD + "website_traffic,,2025-10-22,1250.0,,dana_whitfield,2025-10-24 09:30\n",
        )
        == []
    )
    rows = query(Settings(), "select * exclude (_dlt_id, _dlt_load_id) from raw_manual.entries order by line")
    assert rows[0] == (
        "a.csv",
        2,
        "networking_events",
        "maya_torres",
        date(2025, 10, 20),
        date(2025, 10, 20),
        Decimal("2.000000000"),
        "Chamber",
        "maya_torres",
        datetime.fromisoformat("2025-10-24T20:00:00Z"),
        None,
    )
    # a week named by one of its days, no person, no note, and an instant without zone: the company's
    assert rows[1][3:8] == (None, date(2025, 10, 20), date(2025, 10, 20), Decimal(1250), None)
    assert rows[1][9] == datetime.fromisoformat("2025-10-24T14:30:00Z")


def test_a_date_column_a_byte_order_mark_and_another_order_of_columns(folder: Path, company: Company) -> None:
    header = "\ufeffentered_at,date,metric,person,value,note,entered_by\r\n"
    text = header + '2025-10-24T15:00:00Z,2025-10-21,networking_events,,3,"two\nlines",me\r\n'
    assert rejected(folder, company, text) == []
    assert query(Settings(), "select occurred_on, value, note from raw_manual.entries") == [
        (date(2025, 10, 21), Decimal(3), "two\nlines")
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "netwroking,,2025-W43,2,,me,2025-10-24T15:00:00Z",
            'unknown metric "netwroking"; it must be a line_id or metric_id',
        ),
        (
            "networking_events,maya,2025-W43,2,,me,2025-10-24T15:00:00Z",
            'unknown person "maya"; it must be a person_key',
        ),
        ("networking_events,,2025-W54,2,,me,2025-10-24T15:00:00Z", '"2025-W54" is not a week'),
        ("networking_events,,24/10/2025,2,,me,2025-10-24T15:00:00Z", '"24/10/2025" is not a week'),
        ("networking_events,,,2,,me,2025-10-24T15:00:00Z", "neither week nor date is filled in"),
        ("networking_events,,2025-W43,two,,me,2025-10-24T15:00:00Z", 'the value "two" is not a count'),
        ("networking_events,,2025-W43,,,me,2025-10-24T15:00:00Z", "the value is empty"),
        ("networking_events,,2025-W43,nan,,me,2025-10-24T15:00:00Z", 'the value "nan" is not a count'),
        ("networking_events,,2025-W43,1_000,,me,2025-10-24T15:00:00Z", 'the value "1_000" is not a count'),
        ("networking_events,,2025-W43,1e40,,me,2025-10-24T15:00:00Z", 'the value "1e40" is not a count'),
        ('networking_events,,2025-W43,"1,5",,me,2025-10-24T15:00:00Z', 'the value "1,5" is not a count'),
        ("networking_events,,2025-W43,2,,me,yesterday", 'entered_at "yesterday" is not an instant'),
        ("networking_events,,2025-W43,2,,me,", 'entered_at "" is not an instant'),
        (
            "networking_events,,0001-W01,2,,me,2025-10-24T15:00:00+14:00",
            '"0001-W01" is outside the years 1900 to 2199',
        ),
        (
            "networking_events,,2025-W43,2,,me,0001-01-01T00:00:00+14:00",
            '"0001-01-01T00:00:00+14:00" is outside the years',
        ),
        (
            "networking_events,,2025-W43,2,,me,9999-12-31T23:59:59-14:00",
            "is outside the years 1900 to 2199",
        ),
        ("networking_events,,9999-W52,2,,me,2025-10-24T15:00:00Z", "is outside the years 1900 to 2199"),
        ("networking_events,,2025-W45,2,,me,2025-10-24T15:00:00Z", "2025-W45 has not begun"),
        ("networking_events,,2026-10-22,2,,me,2025-10-24T15:00:00Z", "2026-10-22 has not begun"),
        ("networking_events,,2025-W43,2,,me,2052-10-24T15:00:00Z", "2052-10-24 is more than a year ahead"),
        ("networking_events,,20251022,2,,me,2025-10-24T15:00:00Z", '"20251022" is not a week'),
        ("networking_events,,2025-W43-1,2,,me,2025-10-24T15:00:00Z", '"2025-W43-1" is not a week'),
        ("networking_events,,2025-W43,\u0663,,me,2025-10-24T15:00:00Z", "is not a count"),
        ("networking_events,,2025-W43,2,me,2025-10-24T15:00:00Z", "6 cells, but the header has 7"),
        ("networking_events,,2025-W43,2,a,b,me,2025-10-24T15:00:00Z", "8 cells, but the header has 7"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_are_kept(
    row: str, reason: str, folder: Path, company: Company
) -> None:
    (folder / "a.csv").write_text(HEADER + GOOD + row + "\n\n" + GOOD)
    settings = Settings()
    read = read_all(connect(settings, company), company, settings.now())
    assert [(found["file"], found["line"]) for found in read.rejected] == [("a.csv", 3)]
    assert reason in read.rejected[0]["reason"]
    assert read.rejected[0]["content"].replace('"', "") == row.replace('"', "")
    assert [row["line"] for row in read.rows] == [2, 5]


def test_a_bad_row_reaches_table_report_and_doctor(folder: Path, company: Company) -> None:
    (folder / "a.csv").write_text(HEADER + GOOD + GOOD.replace(",2,", ",two,") + GOOD)
    report = load("manual", Settings(), company)
    reason = 'the value "two" is not a count, expected a whole number such as 1250'
    assert query(Settings(), "select file, line, reason from raw_manual.rejected") == [("a.csv", 3, reason)]
    assert query(Settings(), "select line from raw_manual.entries order by 1") == [(2,), (4,)]
    assert report.warnings == [f"a.csv, line 3: {reason}"]
    warned = [
        finding.detail for finding in diagnose(Settings(), company, ["manual"]) if finding.level == "warn"
    ]
    assert warned == report.warnings


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("metric,person,value,note,entered_by,entered_at\n", "it lacks week or date"),
        ("metric,week,value,note,entered_by,entered_at\n", "it lacks person"),
        ("metric,person,week,value,note,entered_by,entered_at,color\n", "unknown: color"),
        ("metric,metric,person,week,value,note,entered_by,entered_at\n", "twice: metric"),
        ("a;b;c\n", "it lacks metric"),
    ],
)
def test_a_wrong_header_rejects_the_file_and_no_other(
    header: str, reason: str, folder: Path, company: Company
) -> None:
    (folder / "b.csv").write_text(HEADER + GOOD)
    found = rejected(folder, company, header + GOOD)
    assert len(found) == 1 and found[0][0] == 1 and reason in found[0][1]
    assert query(Settings(), "select file from raw_manual.entries") == [("b.csv",)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ((HEADER + GOOD).encode("utf-16"), "the encoding is UTF-16"),
        ((HEADER + GOOD).encode("utf-16-be"), "the encoding is UTF-16"),
        (b"person,\xe9\xff\n" + GOOD.encode(), "the header is not UTF-8 text"),
        ((HEADER + GOOD).replace(",", ";").encode(), "separated by semicolons, expected commas"),
        ((HEADER + GOOD).replace(",", "\t").encode(), "separated by tabs, expected commas"),
    ],
    ids=["utf-16", "utf-16-be", "latin-1", "semicolons", "tabs"],
)
def test_a_file_of_another_encoding_is_named_and_costs_no_other(
    content: bytes, reason: str, folder: Path, company: Company
) -> None:
    (folder / "b.csv").write_text(HEADER + GOOD)
    found = rejected(folder, company, content)
    assert len(found) == 1 and found[0][0] == 1 and reason in found[0][1]
    assert query(Settings(), "select file from raw_manual.entries") == [("b.csv",)]


def test_bytes_that_are_no_text_reject_their_line_only(folder: Path, company: Company) -> None:
    found = rejected(
        folder,
        company,
        HEADER.encode() + GOOD.replace("Chamber", "Caf\xe9").encode("latin-1") + GOOD.encode(),
    )
    assert found == [(2, "not UTF-8 text; save the file as UTF-8")]
    assert "Caf\\xe9" in query(Settings(), "select content from raw_manual.rejected")[0][0]
    assert query(Settings(), "select line from raw_manual.entries") == [(3,)]


def test_an_unclosed_quote_does_not_swallow_what_follows(folder: Path, company: Company) -> None:
    found = rejected(folder, company, HEADER + GOOD.replace("Chamber", '"Chamber') + GOOD + GOOD)
    assert [line for line, _ in found] == [2]
    assert query(Settings(), "select line from raw_manual.entries order by 1") == [(3,), (4,)]


def test_a_file_that_cannot_be_read_is_named(folder: Path, company: Company) -> None:
    (folder / "b.csv").write_text(HEADER + GOOD)
    (folder / "a.csv").mkdir()  # a folder with a file's name
    load("manual", Settings(), company)
    assert (
        "cannot be read"
        in query(Settings(), "select reason from raw_manual.rejected where file = 'a.csv'")[0][0]
    )
    assert query(Settings(), "select count(*) from raw_manual.entries") == [(1,)]


def test_rows_of_the_future_wait_and_removed_rows_leave(folder: Path, company: Company) -> None:
    later = GOOD.replace("2025-10-24T15:00:00-05:00", "2025-10-28T15:00:00-05:00")
    assert rejected(folder, company, HEADER + GOOD + later) == []
    assert query(Settings(), "select count(*) from raw_manual.entries") == [(1,)]
    (folder / "a.csv").unlink()
    assert load("manual", Settings(), company).tables["entries"].rows_total == 0


def test_files_that_have_not_changed_cost_a_ledger_row(
    folder: Path, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def counted(folder: Path, *more: Any) -> Any:
        reads.append(folder)
        return read_folder(folder, *more)

    monkeypatch.setattr(manual, "read_folder", counted)

    def loaded() -> tuple[int, int, bool]:
        """(rows written, rows there, whether dlt has worked) after a load, which reads the files once."""
        shutil.rmtree(Settings().dlt_dir / "manual", ignore_errors=True)
        reads.clear()
        found = load("manual", Settings(), company).tables["entries"]
        assert reads == [folder]
        return found.rows_loaded, found.rows_total, (Settings().dlt_dir / "manual").exists()

    def value() -> list[tuple[Decimal, ...]]:
        return query(Settings(), "select value from raw_manual.entries order by line")

    (folder / "a.csv").write_text(HEADER + GOOD + GOOD.replace("Chamber", "Lunch"))
    assert loaded() == (2, 2, True)
    assert loaded() == (0, 2, False)
    ledger = query(
        Settings(),
        "select status, rows_total, complete_through = started_at, newest_record from ledger.loads"
        " where source = 'manual' and table_name = 'entries' order by load_number",
    )
    assert len(ledger) == 2 and ledger[0] == ledger[1] and ledger[0][:3] == ("ok", 2, True)
    (folder / "a.csv").write_text(HEADER + GOOD + GOOD.replace("Chamber", "Lunch").replace(",2,", ",3,"))
    assert loaded() == (2, 2, True) and value() == [(2,), (3,)]
    (folder / "a.csv").write_text(HEADER + GOOD + GOOD)  # the same row twice is another content
    assert loaded()[2] and loaded() == (0, 2, False)
    (folder / "a.csv").unlink()
    assert loaded() == (0, 0, True) and loaded() == (0, 0, False)


def test_hostile_text_is_only_text(folder: Path, company: Company) -> None:
    note = "<script>alert(1)</script> '; drop table x; -- \u202eabc \U0001f600"
    assert rejected(folder, company, HEADER + GOOD.replace("Chamber", note)) == []
    assert query(Settings(), "select note from raw_manual.entries") == [(note,)]


def test_ten_thousand_lines_and_their_faults_fit_into_one_report(folder: Path, company: Company) -> None:
    found = rejected(folder, company, HEADER + GOOD * 9_900 + GOOD.replace("2025-W43", "2025-43") * 100)
    assert len(found) == 100
    report = load("manual", Settings(), company)
    assert report.tables["entries"].rows_total == 9_900
    assert len(report.warnings) == 21 and "80 more rejected rows" in report.warnings[-1]


def test_missing_folder_and_missing_seeds(
    tmp_path: Path, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELINE_MANUAL_DIR", str(tmp_path / "nowhere"))
    assert "does not exist" in load("manual", Settings(), company).warnings[0]
    monkeypatch.setenv("SCORELINE_DBT_DIR", str(tmp_path))
    with pytest.raises(PermanentError, match="Typed-in numbers: .*scorecard_lines.csv does not exist"):
        load("manual", Settings(), company)


def _typed_in_the_portal(value: str, key: str, **more: Any) -> None:
    fields = {"metric": "networking_events", "person": "maya_torres", "period": "2025-W43", "note": None}
    with begin(Settings()) as connection:
        add_entry(
            connection,
            **{
                **fields,
                "value": Decimal(value),
                "idempotency_key": key,
                "entered_at": Settings().now(),
                **more,
            },
            entered_by="maya_torres",
        )


def test_files_and_store_are_one_stream(folder: Path, company: Company) -> None:
    _typed_in_the_portal("3", "a")
    _typed_in_the_portal("4", "b", reason="one more came", period="2025-10-22", note="Lunch")
    _typed_in_the_portal("5", "c", entered_at=Settings().now() + timedelta(seconds=1))  # not yet
    assert rejected(folder, company, HEADER + GOOD) == []
    assert query(
        Settings(),
        "select file, line, occurred_on, value, note, entered_by, reason from raw_manual.entries order by 1, 2",
    ) == [
        ("a.csv", 2, date(2025, 10, 20), 2, "Chamber", "maya_torres", None),
        ("portal", 1, date(2025, 10, 20), 3, None, "maya_torres", None),
        ("portal", 2, date(2025, 10, 22), 4, "Lunch", "maya_torres", "one more came"),
    ]


def test_a_number_of_the_store_is_judged_as_a_line_of_a_file(folder: Path, company: Company) -> None:
    _typed_in_the_portal("3", "a", metric="netwroking")
    assert rejected(folder, company, HEADER + GOOD) == [
        (1, 'unknown metric "netwroking"; it must be a line_id or metric_id of scorecard_lines.csv')
    ]
    known = names(Settings())
    for field, value, reason in (
        ("value", "1,250", 'the value "1,250" is not a count, expected a whole number such as 1250'),
        ("value", "2.5", 'the value "2.5" is not a count, expected a whole number such as 1250'),
        ("value", "-3", 'the value "-3" is not a count, expected a whole number such as 1250'),
        ("value", " ", "the value is empty"),
        ("period", "2025-W44", None),
        ("period", "2025-W45", "2025-W45 has not begun; the row counts from then on"),
        ("person", "nobody", 'unknown person "nobody"; it must be a person_key of people.csv'),
    ):
        form = {
            "metric": "networking_events",
            "person": None,
            "period": "2025-W43",
            "value": "2.00",
            field: value,
        }
        if reason is None:
            assert str(checked_value(Settings(), company, known, **form)) == "2.00"
            continue
        with pytest.raises(Rejected, match=re.escape(reason)):
            checked_value(Settings(), company, known, **form)


def test_without_the_store_the_last_numbers_stay_and_are_late(
    folder: Path, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    _typed_in_the_portal("3", "a")
    assert rejected(folder, company, HEADER + GOOD) == []
    monkeypatch.setenv(
        "STORE_URL", f"postgresql://scoreline:store-canary-5@127.0.0.1:{free_port()}/scoreline"
    )
    with pytest.raises(
        TransientError, match=r"the store scoreline on 127\.0\.0\.1 .*Start the database"
    ) as caught:
        load("manual", Settings(), company)
    assert "canary" not in str(caught.value)
    assert query(Settings(), "select count(*) from raw_manual.entries") == [(2,)]
    status = "select status from ledger.loads where source = 'manual' and table_name = 'entries' order by finished_at"
    assert query(Settings(), status)[-1] == ("failed",)
