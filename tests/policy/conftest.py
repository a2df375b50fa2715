"""The town that every address is tried on."""

import pytest
from django.db import transaction

from tests.policy.town import make_town


@pytest.fixture(scope="module")
def town(django_db_setup, django_db_blocker):
    """Built once: each test's transaction lies within the one around all of them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_town()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch):
    """The live stream gives its connection back, which here is the one of the whole test."""
    monkeypatch.setattr("shounuo.web.live.close_old_connections", lambda: None)
