"""All writes of the channels part."""

from shounuo.channels.services.accepting import mail_accept, mails_accept
from shounuo.channels.services.agreements import agreement_send
from shounuo.channels.services.bodies import shown_html
from shounuo.channels.services.importing import ImportReport, import_mail
from shounuo.channels.services.intake import (
    fault_note,
    mail_handle,
    mails_requeue,
    quarantine_poison,
    queue_handling,
    queue_once,
)
from shounuo.channels.services.keeping import case_mails_empty, raws_prune
from shounuo.channels.services.links import LinkOver, link_open, link_path
from shounuo.channels.services.mailboxes import mailbox_change, mailbox_create
from shounuo.channels.services.outgoing import (
    SendTest,
    interaction_send,
    receipt_send,
    send_test,
    system_mail,
)
from shounuo.channels.services.portal import (
    Submitted,
    Upload,
    code_check,
    code_request,
    codes_prune,
    customer_choose,
    customer_confirm,
    customer_dispute,
    customer_reply,
    form_submit,
)
from shounuo.channels.services.quarantine import (
    quarantine_dismiss,
    quarantine_release,
    quarantine_retry,
    raw_read,
)
from shounuo.channels.services.webhooks import (
    deliveries_prune,
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
    "ImportReport",
    "LinkOver",
    "SendTest",
    "Submitted",
    "Upload",
    "agreement_send",
    "case_mails_empty",
    "code_check",
    "code_request",
    "codes_prune",
    "customer_choose",
    "customer_confirm",
    "customer_dispute",
    "customer_reply",
    "deliveries_prune",
    "deliveries_requeue",
    "delivery_replay",
    "delivery_try",
    "fault_note",
    "form_submit",
    "import_mail",
    "interaction_send",
    "link_open",
    "link_path",
    "mail_accept",
    "mail_handle",
    "mailbox_change",
    "mailbox_create",
    "mails_accept",
    "mails_requeue",
    "quarantine_dismiss",
    "quarantine_poison",
    "quarantine_release",
    "quarantine_retry",
    "queue_handling",
    "queue_once",
    "raw_read",
    "raws_prune",
    "receipt_send",
    "send_test",
    "shown_html",
    "system_mail",
    "webhook_change",
    "webhook_create",
    "webhook_remove",
    "webhook_secret_renew",
    "webhook_test",
    "webhooks_pump",
]
