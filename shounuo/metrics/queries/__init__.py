"""All reads of figures. One engine for pages, API, exports, targets, alarms and appraisals."""

from shounuo.metrics.queries.catalogue import catalogue, metric, metric_json, parts_awaited, standing
from shounuo.metrics.queries.conditions import read_where
from shounuo.metrics.queries.figures import (
    Cell,
    Figure,
    figure,
    figure_json,
    spread,
    together,
    window_of,
    zone,
)
from shounuo.metrics.queries.subjects import WHICH, Behind, Which, described, may_list, subjects

__all__ = [
    "WHICH",
    "Behind",
    "Cell",
    "Figure",
    "Which",
    "catalogue",
    "described",
    "figure",
    "figure_json",
    "may_list",
    "metric",
    "metric_json",
    "parts_awaited",
    "read_where",
    "spread",
    "standing",
    "subjects",
    "together",
    "window_of",
    "zone",
]
