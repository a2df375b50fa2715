"""All writes of the channels part."""

from shounuo.channels.services.accepting import mail_accept, mails_accept
from shounuo.channels.services.mailboxes import mailbox_change, mailbox_create
from shounuo.channels.services.webhooks import (
    deliveries_requeue,
    delivery_replay,
    delivery_try,
    webhook_change,
    webhook_create,
    webhook_remove,
    webhook_secret_renew,
    webhook_test,
    webhooks_pump,
)

__all__ = [
    "deliveries_requeue",
    "delivery_replay",
    "delivery_try",
    "mail_accept",
    "mailbox_change",
    "mailbox_create",
    "mails_accept",
    "webhook_change",
    "webhook_create",
    "webhook_remove",
    "webhook_secret_renew",
    "webhook_test",
    "webhooks_pump",
]
