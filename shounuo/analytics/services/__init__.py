"""All writes of boards and reports."""

from shounuo.analytics.services.boards import (
    board_change,
    board_delete,
    board_make,
    board_restore,
    tile_add,
    tile_change,
    tile_move,
    tile_remove,
)
from shounuo.analytics.services.reports import comment_add, plan_set, report_make, reports_due

__all__ = [
    "board_change",
    "board_delete",
    "board_make",
    "board_restore",
    "comment_add",
    "plan_set",
    "report_make",
    "reports_due",
    "tile_add",
    "tile_change",
    "tile_move",
    "tile_remove",
]
