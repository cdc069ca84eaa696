"""SimpleFIN: the traps in the contract of `sandbox/vendors/simplefin.py`, the access URL that is shown nowhere,
and the claim that cannot be repeated."""

from __future__ import annotations

import base64
import json
import logging
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.sources.simplefin import access, answers
from dlt_pipelines.sources.simplefin.claim import claim, claimed_path
from foundation.settings import Company, Settings
from orchestration.cli import main
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")
ACCESS = SANDBOX_CREDENTIALS["SIMPLEFIN_ACCESS_URL"]
SECRETS = ("canaryuser5F1D09", "canarypass8E44B1c7")


def with_simplefin(company: Company, **values: Any) -> Company:
    return company.model_copy(update={"simplefin": company.simplefin.model_copy(update=values)})


# ------------------------------------------------------------------ what is stored


def test_both_versions_bring_the_same(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = []
    for version in (1, 2):
        monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / str(version)))
        report = load("simplefin", Settings(), with_simplefin(company, protocol_version=version))
        assert report.warnings == [] and report.requests == 1
        accounts = query(
            Settings(),
            "select account_id, account_key, name, currency, org_name, org_domain from raw_simplefin.accounts"
            " order by 1",
        )
        balances = query(
            Settings(),
            "select columns(c -> not starts_with(c, '_dlt')) from raw_simplefin.balances order by account_id",
        )
        found.append((accounts, balances))
    assert found[0] == found[1]
    assert (
        "ACT-card",
        "harborline.example/Business Card",
        "Business Card",
        "USD",
        "Harborline Cards",
        "harborline.example",
    ) in found[0][0]


def test_balances_are_decimals_of_their_own_currency(sandbox: Sandbox, company: Company) -> None:
    load("simplefin", Settings(), company)
    rows = {
        row[0]: row[1:]
        for row in query(
            Settings(),
            "select account_id, currency, balance, available_balance, holdings from raw_simplefin.balances",
        )
    }
    currency, balance, available, holdings = rows["ACT-checking"]
    assert (currency, holdings) == ("USD", 0) and balance - available == Decimal(240)
    assert rows["ACT-euro"][0] == "EUR" and rows["ACT-euro"][1] == rows["ACT-euro"][2]  # left out where equal
    assert rows["ACT-card"][1] < 0 < rows["ACT-loan"][1]  # the sign says nothing about cash
    assert rows["ACT-stocks"][3] == 1
    assert rows["ACT-points"][0] == "https://harborline.example/points"


def test_complaints_are_warnings_and_rows_and_old_balances_say_so(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("simplefin", at(monkeypatch, sandbox, "2025-11-16T12:00:00Z"), company)
    settings = at(monkeypatch, sandbox, "2025-11-17T12:00:00Z")
    report = load("simplefin", settings, company)
    assert report.warnings == [
        "SimpleFIN says: Connection to Rhein Zahlungsbank may need attention (con.auth)",
        (
            "SimpleFIN: the balance of rhein-zahlungsbank.example/EUR Settlement is that of 2025-11-11; "
            "the bank may have to be connected again"
        ),
    ]
    assert query(settings, "select code, connection_id from raw_simplefin.errors") == [
        ("con.auth", "CON-0003")
    ]
    # a snapshot a day, each with the day on which the balance was true
    assert query(
        settings,
        "select snapshot_date, cast(balance_at as date), has_error from raw_simplefin.balances where"
        " account_id = 'ACT-euro' order by 1",
    ) == [(date(2025, 11, 16), date(2025, 11, 11), True), (date(2025, 11, 17), date(2025, 11, 11), True)]
    found = {finding.check: finding for finding in diagnose(settings, company, ["simplefin"])}
    assert found["con.auth"].level == found["stale"].level == "warn"
    settings = at(monkeypatch, sandbox, "2025-11-24T12:00:00Z")
    assert load("simplefin", settings, company).warnings == []
    assert query(settings, "select count(*) from raw_simplefin.errors") == [(0,)]


def test_every_shape_of_a_complaint_is_read() -> None:
    body = {
        "errlist": [
            {"code": "conn.auth", "msg": "Sign in", "conn_id": "C"},
            {"code": "act.new", "message": "No data", "account_id": "A"},
        ],
        "errors": ["Sign in", "Something else"],
    }
    assert [(one["code"], one["text"]) for one in answers.complaints(body)] == [
        ("con.auth", "Sign in"),
        ("act.new", "No data"),
        (None, "Something else"),
    ]


def test_a_reconnected_account_keeps_its_key(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("simplefin", at(monkeypatch, sandbox, "2025-11-30T18:00:00Z"), company)
    load("simplefin", at(monkeypatch, sandbox, "2025-12-01T18:00:00Z"), company)
    sql = (
        "select account_id, account_key from raw_simplefin.accounts where account_id like 'ACT-card%' order"
        " by 1"
    )
    assert query(Settings(), sql) == [
        ("ACT-card", "harborline.example/Business Card"),
        ("ACT-card-2", "harborline.example/Business Card"),
    ]


def test_an_account_that_is_missing_today_keeps_its_rows(sandbox: Sandbox, company: Company) -> None:
    load("simplefin", Settings(), company)
    card = {
        "id": "ACT-card",
        "name": "Business Card",
        "currency": "USD",
        "balance": "-9.00",
        "balance-date": 1761556200,
    }
    answer = {"errors": ["Some accounts could not be read"], "accounts": [card]}
    sandbox.fault("simplefin", "status", status=200, body=json.dumps(answer))
    report = load("simplefin", Settings(), company)
    assert "SimpleFIN says: Some accounts could not be read" in report.warnings
    assert query(
        Settings(), "select count(*), count(distinct snapshot_date) from raw_simplefin.balances"
    ) == [(7, 1)]
    assert query(Settings(), "select balance from raw_simplefin.balances where account_id = 'ACT-card'") == [
        (Decimal(-9),)
    ]
    assert query(
        Settings(), "select count(*) from raw_simplefin.transactions where deleted_at is not null"
    ) == [(0,)]


def test_transactions_by_account_and_id_in_steps_of_89_days(sandbox: Sandbox, company: Company) -> None:
    report = load("simplefin", Settings(), company)
    total, ids = query(
        Settings(), "select count(*), count(distinct transaction_id) from raw_simplefin.transactions"
    )[0]
    assert total > ids > 200  # both sides of a transfer share an id
    first = report.tables["transactions"].rows_total
    since = datetime(2025, 1, 1, tzinfo=UTC)
    again = load("simplefin", Settings(), company, window=Window(since))
    assert again.requests == 4 and not again.warnings  # 299 days
    assert again.tables["transactions"].rows_total > 3 * first
    assert query(Settings(), "select min(posted_at) >= '2025-01-01' from raw_simplefin.transactions") == [
        (True,)
    ]


def test_a_transaction_that_the_bank_takes_back_is_marked(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("simplefin", Settings(), company)
    account = {
        "id": "ACT-euro",
        "name": "EUR Settlement",
        "currency": "EUR",
        "balance": "1.00",
        "balance-date": 1761642600,
        "transactions": [],
    }
    before = query(
        Settings(),
        "select count(*) from raw_simplefin.transactions where account_id = 'ACT-euro' and posted_at >="
        " '2025-10-18'",
    )
    settings = at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    sandbox.fault("simplefin", "status", status=200, body=json.dumps({"errors": [], "accounts": [account]}))
    load("simplefin", settings, company)
    assert (
        query(
            settings,
            "select count(*) from raw_simplefin.transactions where deleted_at is not null and account_id ="
            " 'ACT-euro'",
        )
        == before
    )
    assert query(
        settings,
        "select count(*) from raw_simplefin.transactions where deleted_at is not null and account_id <>"
        " 'ACT-euro'",
    ) == [(0,)]


# ------------------------------------------------------------------ limits and errors


def test_the_requests_of_a_day_are_kept_over_runs(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    load("simplefin", settings, company)
    import duckdb

    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("update ledger.loads set requests = 20 where requests = 1")
    sandbox.forget_requests()
    with pytest.raises(TransientError, match="took 20 of 24 requests.*what is stored stays"):
        load("simplefin", settings, company)
    assert sandbox.requests("simplefin") == []
    assert query(settings, "select count(*) from raw_simplefin.balances") == [(7,)]
    assert "20 of 24" in next(
        finding.detail for finding in diagnose(settings, company, ["simplefin"]) if finding.check == "budget"
    )
    settings = at(monkeypatch, sandbox, "2025-10-28T12:00:01Z")
    assert load("simplefin", settings, company).requests == 1


def test_tries_of_one_run_stay_within_the_day_too(sandbox: Sandbox, company: Company) -> None:
    settings = Settings()
    load("simplefin", settings, company)
    import duckdb

    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("update ledger.loads set requests = 24 where requests = 1")
    (finding,) = [
        finding for finding in diagnose(settings, company, ["simplefin"]) if finding.check == "budget"
    ]
    assert finding.level == "warn" and "Nothing is asked now" in finding.way_out
    assert len(sandbox.requests("simplefin")) == 1


def test_a_used_up_day_is_not_asked_again(sandbox: Sandbox, company: Company) -> None:
    load("simplefin", Settings(), company)
    sandbox.fault("simplefin", "status", status=429)
    with pytest.raises(
        TransientError, match="day's requests are used up.*You have made too many requests today"
    ):
        load("simplefin", Settings(), company)
    assert len([call for call in sandbox.requests("simplefin") if call["status"] == 429]) == 1
    assert query(Settings(), "select count(*) from raw_simplefin.balances") == [(7,)]


@pytest.mark.parametrize(
    ("status", "text"), [(402, "not paid.*has ended"), (403, "not accepted .403.*scoreline claim")]
)
def test_refusals_say_what_to_do(status: int, text: str, sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("simplefin", "status", status=status)
    with pytest.raises(PermanentError, match=text):
        load("simplefin", Settings(), company)


def test_no_account_at_all_is_asked_twice(sandbox: Sandbox, company: Company) -> None:
    load("simplefin", Settings(), company)
    sandbox.fault("simplefin", "status", status=200, times=1, body='{"errors": [], "accounts": []}')
    assert load("simplefin", Settings(), company).requests == 2
    assert query(Settings(), "select count(*) from raw_simplefin.balances") == [(7,)]


def test_nothing_is_missed_after_a_pause(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("simplefin", Settings(), company)
    settings = at(monkeypatch, sandbox, "2026-03-01T12:00:00Z")
    assert load("simplefin", settings, company).requests == 2
    days = query(
        settings,
        "select distinct cast(posted_at as date) from raw_simplefin.transactions where account_id ="
        " 'ACT-checking' order by 1",
    )
    assert max(later - earlier for (earlier,), (later,) in zip(days, days[1:], strict=False)) < timedelta(
        days=7
    )


# ------------------------------------------------------------------ the access URL


def test_the_access_url_is_shown_nowhere(
    sandbox: Sandbox, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    settings, said = Settings(), []
    bodies = [
        f"you sent {ACCESS}",
        f"user {SECRETS[0]}, password {SECRETS[1]}",
        base64.b64encode(":".join(SECRETS).encode()).decode(),
    ]
    with caplog.at_level(logging.DEBUG):
        load("simplefin", settings, company)
        said += [str(finding) for finding in diagnose(settings, company, ["simplefin"])]
        for body in bodies:
            sandbox.fault("simplefin", "status", status=418, body=body)
            with pytest.raises(PermanentError) as caught:
                load("simplefin", settings, company)
            said += [
                str(caught.value),
                *(str(finding) for finding in diagnose(settings, company, ["simplefin"])),
            ]
            sandbox.clear_faults()
        complaint = {"errors": [f"cannot open {ACCESS}"], "accounts": []}
        sandbox.fault("simplefin", "status", status=200, body=json.dumps(complaint))
        said += load("simplefin", settings, company).warnings
        said += [str(finding) for finding in diagnose(settings, company, ["simplefin"])]
    assert "***" in "".join(said)
    written = [file.read_bytes() for file in settings.home.rglob("*") if file.is_file()]
    for secret in (ACCESS, *SECRETS, base64.b64encode(":".join(SECRETS).encode()).decode()):
        assert not [
            one for one in (caplog.text.encode(), "".join(said).encode(), *written) if secret.encode() in one
        ], secret


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            base64.b64encode(b"https://bridge.example/simplefin/claim/secret77").decode(),
            "a setup token instead of.*scoreline claim",
        ),
        ("https://bridge.example/simplefin", "no user and password"),
        ("http://canaryuser:canarypass@bridge.example/simplefin", "not https"),
        ("nonsense", "no address instead"),
    ],
)
def test_what_is_no_access_url_is_said_without_showing_it(
    value: str, text: str, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMPLEFIN_ACCESS_URL", value)
    with pytest.raises(PermanentError, match=text) as caught:
        load("simplefin", Settings(), company)
    assert (
        value not in str(caught.value)
        and "canarypass" not in str(caught.value)
        and "secret77" not in str(caught.value)
    )


def test_user_and_password_are_cut_off_and_decoded() -> None:
    assert access.parted("https://us%40er:p%3Aw@bank.example:8443/simplefin/") == (
        "https://bank.example:8443/simplefin",
        "us@er",
        "p:w",
    )
    assert {"us@er", "p:w", "us%40er:p%3Aw"} <= set(
        access.forms("https://us%40er:p%3Aw@bank.example/simplefin")
    )


# ------------------------------------------------------------------ the claim


@pytest.fixture
def dotenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "project" / ".env"
    path.parent.mkdir()
    path.touch()
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(path))
    monkeypatch.delenv("SIMPLEFIN_ACCESS_URL", raising=False)
    return path


def token(sandbox: Sandbox, name: str) -> str:
    return base64.b64encode(f"{sandbox.url}/simplefin/claim/canary-claim-{name}".encode()).decode()


def test_a_claim_writes_the_access_url_and_shows_nothing(
    sandbox: Sandbox, company: Company, dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIMPLEFIN_ACCESS_URL", raising=False)
    dotenv.write_text("# mine\nHUBSPOT_API_KEY=abc\nSIMPLEFIN_ACCESS_URL=\nLAST=1")
    done = CliRunner().invoke(main, ["claim"], input=f"  {token(sandbox, 'one')}\n")
    assert done.exit_code == 0, done.output
    assert str(dotenv) in done.output and not [
        secret for secret in (ACCESS, *SECRETS, token(sandbox, "one")) if secret in done.output
    ]
    assert dotenv.read_text() == f"# mine\nHUBSPOT_API_KEY=abc\nSIMPLEFIN_ACCESS_URL='{ACCESS}'\nLAST=1"
    assert stat.S_IMODE(dotenv.stat().st_mode) == 0o600
    assert [file.name for file in dotenv.parent.iterdir()] == [".env"] and not claimed_path(
        Settings()
    ).exists()
    assert load("simplefin", Settings(), company).status == "ok"
    refused = CliRunner().invoke(main, ["claim"], input=token(sandbox, "two"))
    assert refused.exit_code == 1 and "already has an access URL" in refused.output
    assert (
        claim(token(sandbox, "two"), Settings(), replace=True) == dotenv
    )  # it was not used up by the refusal


def test_a_second_claim_says_what_it_may_mean(sandbox: Sandbox, dotenv: Path) -> None:
    claim(token(sandbox, "again"), Settings())
    dotenv.write_text("")
    with pytest.raises(PermanentError, match="claimed before. If that was not you, disable it"):
        claim(token(sandbox, "again"), Settings())
    with pytest.raises(PermanentError, match="not a setup token"):
        claim("aGVsbG8=", Settings())
    assert not claimed_path(Settings()).exists()


def test_no_answer_is_transient(dotenv: Path) -> None:
    with pytest.raises(TransientError, match="Run it again") as caught:
        claim(base64.b64encode(b"http://127.0.0.1:9/claim/secret55").decode(), Settings())
    assert "secret55" not in str(caught.value) and not claimed_path(Settings()).exists()


KILLED = """
import os, signal, sys
from dlt_pipelines.sources.simplefin import claim as simplefin_claim
from foundation.settings import Settings
simplefin_claim.set_key = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
simplefin_claim.claim(sys.argv[1], Settings())
"""


def test_a_kill_after_the_claim_loses_nothing(sandbox: Sandbox, dotenv: Path) -> None:
    root = Path(__file__).parents[3]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, token(sandbox, "kill")], cwd=root, env=dict(os.environ)
    )
    assert killed.returncode == -signal.SIGKILL and dotenv.read_text() == ""
    assert stat.S_IMODE(claimed_path(Settings()).stat().st_mode) == 0o600
    done = CliRunner().invoke(main, ["claim"])  # asks for no token
    assert done.exit_code == 0, done.output
    assert ACCESS in dotenv.read_text() and not claimed_path(Settings()).exists()


def test_a_file_that_cannot_be_written_is_found_before_the_claim(sandbox: Sandbox, dotenv: Path) -> None:
    dotenv.with_name(".env.part").mkdir()
    with pytest.raises(PermanentError, match=r"\.env\.part cannot be written"):
        claim(token(sandbox, "unwritable"), Settings())
    dotenv.with_name(".env.part").rmdir()
    assert claim(token(sandbox, "unwritable"), Settings()) == dotenv


def test_cash_accounts_that_do_not_exist(sandbox: Sandbox, company: Company) -> None:
    found = {
        finding.check: finding
        for finding in diagnose(Settings(), with_simplefin(company, cash_accounts=["x/y"]), ["simplefin"])
    }
    assert (
        found["cash_accounts"].level == "fail"
        and "lakeland-bank.example/Operating Checking" in found["cash_accounts"].way_out
    )


# ------------------------------------------------------------------ which account is which


def answered(sandbox: Sandbox, **body: Any) -> None:
    sandbox.clear_faults()
    sandbox.fault("simplefin", "status", status=200, body=json.dumps({"accounts": [], **body}))


def account(account_id: str, name: str = "Checking", **more: Any) -> dict[str, Any]:
    return {
        "id": account_id,
        "name": name,
        "currency": "USD",
        "balance": "5.00",
        "balance-date": 1761556200,
        **more,
    }


def test_a_key_is_the_same_in_both_versions_and_an_id_keeps_it(sandbox: Sandbox, company: Company) -> None:
    keys = "select account_id, account_key from raw_simplefin.accounts order by 1"
    first = [
        account("A", org={"domain": "www.Bank.example", "name": "Bank"}),
        account("B", org={"name": "Other Bank"}),
        account("C", org={"url": "https://www.bank.example/login", "name": "Bank"}, name="Savings"),
    ]
    answered(sandbox, errors=[], accounts=first)
    load("simplefin", Settings(), company)
    found = [("A", "bank.example/Checking"), ("B", "Other Bank/Checking"), ("C", "bank.example/Savings")]
    assert query(Settings(), keys) == found
    # the second version, and the bank has renamed an account: its id keeps the key; one that is linked again
    # gets the key of its former self
    connections = [
        {"conn_id": "1", "org_id": "O1", "org_url": "https://www.bank.example"},
        {"conn_id": "2", "org_id": "O2", "org_url": "https://other.example"},
    ]
    second = [
        account("A", name="Business Checking", conn_id="1"),
        account("B", conn_id="2"),
        account("C", name="Savings", conn_id="1"),
        account("D", conn_id="1"),
    ]
    answered(sandbox, errlist=[], connections=connections, accounts=second)
    load("simplefin", Settings(), company)
    assert query(Settings(), keys) == [*found, ("D", "bank.example/Checking")]
    listed = with_simplefin(company, cash_accounts=["WWW.bank.example/checking", "other bank/Checking"])
    told = {finding.check: finding for finding in diagnose(Settings(), listed, ["simplefin"])}
    assert told["cash_accounts"].level == "ok"
    assert (
        told["one name, two accounts"].level == "warn"
        and "A (balance of 2025-10-27), D" in told["one name, two accounts"].detail
    )
    by_id = with_simplefin(company, cash_accounts=["bank.example/Checking", "D", "other bank/Checking"])
    told = {finding.check: finding for finding in diagnose(Settings(), by_id, ["simplefin"])}
    assert told["cash_accounts"].level == "ok" and "one name, two accounts" not in told


def test_what_the_banks_complain_of_stands_beside_the_balances(sandbox: Sandbox, company: Company) -> None:
    sql = "select account_id, has_error, error_text from raw_simplefin.balances order by 1"
    one, two = {"domain": "one.example", "name": "Bank One"}, {"domain": "two.example", "name": "Bank Two"}
    answered(
        sandbox,
        errors=["Connection to Bank One may need attention"],
        accounts=[account("A", org=one), account("B", org=two)],
    )
    load("simplefin", Settings(), company)
    assert query(Settings(), sql) == [
        ("A", True, "Connection to Bank One may need attention"),
        ("B", False, None),
    ]
    # of a connection, of an account, of none that came, and of the request (which says nothing about a
    # balance)
    errlist = [
        {"code": "con.auth", "msg": "Sign  in\nagain", "conn_id": "1"},
        {"code": "act.failed", "msg": f"No data for {SECRETS[1]}", "account_id": "B"},
        {"code": "con.auth", "msg": "Third bank", "conn_id": "3"},
        {"code": "gen.api", "msg": "Date range is limited"},
    ]
    answered(sandbox, errlist=errlist, accounts=[account("A", conn_id="1"), account("B", conn_id="2")])
    load("simplefin", Settings(), company)
    assert query(Settings(), sql) == [
        ("A", True, "Sign in again\nThird bank"),
        ("B", True, "No data for ***\nThird bank"),
    ]
