"""All writes of agreements."""

from shounuo.agreements.services.drafting import Promise, agreement_save
from shounuo.agreements.services.lives import (
    LinkOver,
    agreement_answer,
    agreement_end,
    agreement_offer,
    agreements_settle,
    link_open,
    link_path,
)

__all__ = [
    "LinkOver",
    "Promise",
    "agreement_answer",
    "agreement_end",
    "agreement_offer",
    "agreement_save",
    "agreements_settle",
    "link_open",
    "link_path",
]
