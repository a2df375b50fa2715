"""API v1, one router per kind of thing; `web.api` puts them under /api/v1/ with bearer tokens and problem
documents.
"""

from ninja import Router

from shounuo.calendars.api import router as calendars
from shounuo.channels.api.cases import router as cases
from shounuo.channels.api.customers import router as customers
from shounuo.channels.api.grants import router as grants
from shounuo.channels.api.intake import router as intake
from shounuo.channels.api.log import router as log
from shounuo.channels.api.webhooks import router as webhooks
from shounuo.commitments.api import router as clocks
from shounuo.duties.api import router as duties
from shounuo.metrics.api import router as metrics
from shounuo.policy.api import router as policies

ROUTERS: tuple[tuple[str, Router], ...] = (
    ("cases", cases),
    ("grants", grants),
    ("customers", customers),
    ("log", log),
    ("clocks", clocks),
    ("duties", duties),
    ("policies", policies),
    ("metrics", metrics),
    ("calendars", calendars),
    ("quarantine", intake),
    ("webhooks", webhooks),
)
