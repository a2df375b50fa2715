"""All writes of the notices part."""

from shounuo.notices.services.bell import mark_all_read, mark_read, notices_prune, notify
from shounuo.notices.services.mail import (
    DELIVER_TASK,
    QUEUE,
    mail_deliver,
    mail_queue,
    mail_retry,
    mails_due,
    mails_forget,
    mails_prune,
)
from shounuo.notices.services.relays import relay_remove, relay_save

__all__ = [
    "DELIVER_TASK",
    "QUEUE",
    "mail_deliver",
    "mail_queue",
    "mail_retry",
    "mails_due",
    "mails_forget",
    "mails_prune",
    "mark_all_read",
    "mark_read",
    "notices_prune",
    "notify",
    "relay_remove",
    "relay_save",
]
