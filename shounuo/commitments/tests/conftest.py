import pytest

from shounuo.commitments import ruleset, testing


@pytest.fixture(autouse=True)
def _fresh():
    """What a process remembers of parcels belongs to one test."""
    testing.declare_parcels()
    testing.parcels.__init__()
    yield
    ruleset.forget()  # the lab's book is in no database
