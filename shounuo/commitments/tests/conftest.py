import pytest

from shounuo.commitments import ruleset, testing


@pytest.fixture(autouse=True)
def _fresh():
    """What a process remembers of policies and parcels belongs to one test."""
    testing.declare_parcels()
    testing.parcels.__init__()
    ruleset.forget()
    yield
    ruleset.forget()
