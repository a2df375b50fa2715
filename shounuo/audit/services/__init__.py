"""Writing the log, sealing it, and how long things are kept."""

from shounuo.audit.services.holds import check_free, hold_lift, hold_place
from shounuo.audit.services.log import record
from shounuo.audit.services.retention import retention_run, retention_set
from shounuo.audit.services.sealing import Broken, Report, seal, verify

__all__ = [
    "Broken",
    "Report",
    "check_free",
    "hold_lift",
    "hold_place",
    "record",
    "retention_run",
    "retention_set",
    "seal",
    "verify",
]
