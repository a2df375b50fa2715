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
    staff_mail_queue,
)
from shounuo.notices.services.relays import relay_remove, relay_save
from shounuo.notices.services.ways import (
    heard,
    quiet_clear,
    quiet_set,
    sending_deliver,
    sendings_due,
    way_remove,
    way_save,
    way_test,
    ways_tell,
)

__all__ = [
    "DELIVER_TASK",
    "QUEUE",
    "heard",
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
    "quiet_clear",
    "quiet_set",
    "relay_remove",
    "relay_save",
    "sending_deliver",
    "sendings_due",
    "staff_mail_queue",
    "way_remove",
    "way_save",
    "way_test",
    "ways_tell",
]
