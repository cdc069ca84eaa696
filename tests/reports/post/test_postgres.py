"""The ledger of deliveries on a real Postgres: the tests of the other files that a file's ways do not matter to,
and a server that goes away."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from foundation.settings import Company, Settings
from reports.post.outcome import DeliveryFailed
from tests.reports.post.test_alerts import (  # noqa: F401
    test_again_after_a_recovery_is_a_new_alert_even_when_the_clock_stands_still,
    test_killed_between_the_mail_and_its_note,
    test_once_on_entering_once_on_recovery,
    test_what_was_never_told_is_told_when_it_is_over,
)
from tests.reports.post.test_delivery import (  # noqa: F401
    test_force_sends_again_as_a_new_mail,
    test_killed_before_the_outbox_file_was_there,
    test_killed_while_the_server_takes_the_mail,
    test_two_runs_at_once_send_once,
    test_two_threads_at_once_send_once,
)
from tests.reports.post.test_ledger import (  # noqa: F401
    DANA,
    SAM,
    one,
    row,
    test_a_mail_whose_time_is_over_is_given_up_and_told,
    test_an_alert_that_was_refused_for_good_is_tried_again_until_it_is_told,
    test_what_a_killed_run_could_not_tell_is_told_without_another_try,
)
from tests.support.postgres import Postgres, running_postgres
from tests.support.smtp import Server


@pytest.fixture
def settings(settings: Settings, postgres_server: Postgres) -> Settings:
    url = postgres_server.new_database().replace("postgresql:", "postgresql+psycopg:")
    return settings.model_copy(update={"store_url": SecretStr(url)})


def test_a_server_that_goes_away_while_the_mail_is_taken(
    smtp: Settings, company: Company, server: Server
) -> None:
    """Never a second mail."""
    with running_postgres() as postgres:
        url = postgres.new_database().replace("postgresql:", "postgresql+psycopg:")
        away = smtp.model_copy(update={"store_url": SecretStr(url)})
        assert one(away, company, SAM).state == "sent"
        server.got.clear()
        server.on_data = postgres.stop
        outcome = one(away, company)
        assert outcome.state == "uncertain" and "it may have been sent" in outcome.reason, outcome
        assert "Start the database" in outcome.reason and "canary" not in outcome.reason
        server.on_data = lambda: None
        with pytest.raises(
            DeliveryFailed, match=r"Start the database or correct STORE_URL.* Nothing was sent"
        ):
            one(away, company)
        postgres.start()
        assert one(away, company).state == "uncertain" and row(away)["state"] == "sending"
    assert server.to() == [DANA]
