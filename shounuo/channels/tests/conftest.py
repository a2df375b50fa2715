"""What the tests of this part share."""

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _no_old_jobs(request):
    """Jobs are no models of ours: a test that committed leaves them behind."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db" if not _commits(request) else "transactional_db")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
    yield


def _commits(request):
    return request.node.get_closest_marker("django_db").kwargs.get("transaction", False)
