"""What cases have to count: dimensions, observations, metrics."""

from shounuo.cases.metrics import contacts, dimensions, quality, source, speed, volume  # noqa: F401  declare theirs
