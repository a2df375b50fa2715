"""What the stories share: a department, and the time that the story sets for every page and job."""

from datetime import datetime

import pytest
from django.db import connection

from shounuo.kernel import clock
from tests.flows.house import House, moment


@pytest.fixture
def house(request, monkeypatch):
    """A department on Saturday 10 October 2026, 10:00 in Shanghai: a make-up working day. Not opened yet."""
    marker = request.node.get_closest_marker("django_db")
    request.getfixturevalue("transactional_db" if marker and marker.kwargs.get("transaction") else "db")
    with (
        connection.cursor() as cursor
    ):  # jobs are no models of ours: a test that committed leaves them behind
        cursor.execute("DELETE FROM procrastinate_jobs")
    story = House(moment("10-10 10:00"))

    class TimeOfTheStory(datetime):
        @classmethod
        def now(cls, tz=None):
            return story.at.astimezone(tz)

    monkeypatch.setattr(clock, "datetime", TimeOfTheStory)
    return story
