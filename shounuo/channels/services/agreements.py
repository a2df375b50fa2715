"""The mail that puts a service agreement before the one who signs it."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from shounuo.agreements.models import Agreement
from shounuo.agreements.services import link_path
from shounuo.channels.services.outgoing import system_mail
from shounuo.notices.composing import address_of
from shounuo.notices.models import OutgoingMail
from shounuo.staff.queries import organisation


def agreement_send(*, agreement_id: int, at: datetime) -> OutgoingMail | None:
    """Mails the signer the link under which he reads and answers an agreement that was offered to him. None where it is not
    open, has no signer, he has no address, or there is nothing to send by. Safe to repeat: one mail an offer."""
    found = Agreement.objects.select_related("signer").filter(pk=agreement_id, state=Agreement.State.OFFERED)
    agreement = found.first()
    if agreement is None or agreement.signer is None or agreement.offered_at is None:
        return None
    to = agreement.signer.contact_points.filter(kind="mail").order_by("-primary", "id").first()
    if to is None:
        return None
    with translation.override(agreement.signer.language or organisation().language):
        text = _(
            "您好：\n\n我们拟了一份服务协议《%(title)s》，请您看过之后同意或不同意：\n%(url)s\n\n"
            "链接 60 天内有效。您同意之后，协议里的时限就对您的单据生效。"
        ) % {"title": agreement.title, "url": address_of(link_path(agreement, agreement.offered_at))}
        subject = _("请确认服务协议：%(title)s") % {"title": agreement.title}
    return system_mail(
        key=f"agreement:{agreement.pk}",
        to=to.value,
        subject=subject,
        text=text,
        subject_of=("agreement", agreement.pk),
        at=at,
    )
