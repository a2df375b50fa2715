"""kill -9 of everything during intake at full speed: what was accepted is there once."""

import os
import re
import subprocess
import sys

import pytest

from bench.serving import ROOT
from tests.ops.conftest import OF_THE_TEST_RUN

pytestmark = pytest.mark.crash


def test_what_was_accepted_is_there_once_after_a_round_of_kills():
    done = subprocess.run(
        [sys.executable, "-m", "bench.crash", "--rounds", "1", "--seconds", "12"],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
        env={k: v for k, v in os.environ.items() if k not in OF_THE_TEST_RUN},
    )  # fmt: skip
    counts = {name: int(n) for name, n in re.findall(r"^(\w+)\s+(\d+)$", done.stdout, re.MULTILINE)}
    assert done.returncode == 0, (counts, done.stderr[-2000:])
    assert counts["accepted"] > 20 and counts["found"] == counts["accepted"] and counts["kills"] > 5
    assert (counts["lost"], counts["doubled"], counts["clocks_missed"], counts["clocks_doubled"]) == (
        0,
        0,
        0,
        0,
    )
