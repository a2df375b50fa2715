"""Jobs of the files part."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.files import services
from shounuo.kernel.clock import now


@app.task(name="files.sweep", queue="upkeep")
def sweep() -> None:
    """Deletes what nothing names any more."""
    services.sweep(now())
