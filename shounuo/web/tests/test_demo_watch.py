"""When the demo's watch looks, and how that is counted while one waits."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from shounuo.web.demo import watching
from shounuo.web.demo.world import World

DAY = date(2026, 10, 9)
WORLD = World(DAY, random.Random(1))


@pytest.mark.parametrize("end", [WORLD.local(DAY, 20, 30), WORLD.local(DAY, 19), WORLD.local(DAY, 0, 10)])
def test_the_watch_looks_at_each_moment_once_and_last_at_the_end(end):
    looks = watching.looks(WORLD, end - timedelta(days=90), end)
    assert looks == sorted(set(looks)) and looks[-1] == end
    assert end - looks[0] <= watching.WEEKS + timedelta(days=1)


def test_the_progress_of_the_watch_counts_every_look_and_no_more(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(watching.metrics, "build_missing", lambda at: None)
    monkeypatch.setattr(watching.risk, "alarms_evaluate", lambda at: seen.append(at))
    monkeypatch.setattr(watching.risk, "targets_judge", lambda at: None)
    monkeypatch.setattr(watching, "_see", lambda at: None)
    monkeypatch.setattr(watching, "_review", lambda end: None)
    end = datetime(2026, 10, 9, 12, 30, tzinfo=UTC)
    watching.watch(WORLD, end - timedelta(days=3), end, "预警")
    assert f"预警 {len(seen)}/{len(seen)} · " in capsys.readouterr().err.splitlines()[-1]
