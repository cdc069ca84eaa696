"""The portal on a real Postgres: the tests of the other files in which the store decides."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from foundation.settings import Settings
from tests.portal.test_api import test_what_programs_read_is_in_the_audit  # noqa: F401
from tests.portal.test_lines import (  # noqa: F401
    test_a_goal_is_ended_and_one_of_the_same_day_is_replaced_with_a_word,
    test_tokens_are_made_shown_once_and_revoked,
)
from tests.portal.test_numbers import (  # noqa: F401
    test_a_number_is_due_typed_and_corrected,
    test_forty_at_once_are_all_kept,
    test_the_same_form_twice_is_one_number,
)
from tests.portal.test_sign_in import (  # noqa: F401
    test_sign_out_everywhere,
    test_the_link_of_the_mail_signs_in_once,
    test_the_sixth_link_within_an_hour_is_not_sent,
)
from tests.support.postgres import Postgres


@pytest.fixture
def settings(settings: Settings, postgres_server: Postgres) -> Settings:
    settings.store_path.unlink()  # a home with both is asked to move its store first
    url = postgres_server.new_database().replace("postgresql:", "postgresql+psycopg:")
    return settings.model_copy(update={"store_url": SecretStr(url)})
