"""The demo department: the same day gives the same department, whoever builds it and in whatever order."""

import pytest

from tests.ops.conftest import Installation

pytestmark = pytest.mark.crash
DAY, CASES = "2026-11-02", 24
SUM = """
from django.conf import settings; from shounuo.web.ops.postgres import Embedded
server = Embedded(settings.DATA / 'postgres'); server.start()
try:
    from hashlib import sha256
    from django.db import connection
    from shounuo.cases.models import Case, Interaction; from shounuo.commitments.models import Clock
    from shounuo.events.models import Event; from shounuo.staff.models import Person
    numbers = dict(Case.objects.values_list('pk', 'number'))
    told = sorted(
        [(numbers[e.subject_id], e.seq, e.kind, str(e.at)) for e in Event.objects.filter(subject_kind='case')]
        + [(numbers[c.subject_id], c.commitment, c.state, str(c.due_at)) for c in Clock.objects.filter(subject_kind='case')]
        + list(Case.objects.values_list('number', 'subject', 'status', 'customer__name', 'customer__company__name'))
        + list(Interaction.objects.values_list('case__number', 'text', 'person__login'))
        + list(Person.objects.values_list('login', 'presence')), key=str)
    print(len(numbers), len(told), sha256(str(told).encode()).hexdigest())
    connection.close(); connection.close_pool()
finally: server.stop()
"""


def test_one_day_gives_one_department(installation):
    sums = []
    for name in ("first", "second"):
        here = Installation(installation.data.parent / name)
        here.environment = installation.environment
        said = here.run("demo", "--demo-cases", str(CASES), "--demo-day", DAY)
        assert "linxiaoyu" in said
        sums.append(here.within(SUM))
    assert sums[0] == sums[1]
    cases, told, _digest = sums[0].split()
    assert int(cases) == CASES and int(told) > 20 * CASES
    assert "不再装入" in here.run("demo", "--demo-cases", "3")
