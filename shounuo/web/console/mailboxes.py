"""Mailboxes: what customers write to, where it is fetched, how it is answered. Passwords go in, never out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.channels import queries, services
from shounuo.channels.models import Mailbox
from shounuo.channels.permissions import MANAGE
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.notices import queries as notices
from shounuo.notices.models import OutgoingMail, Relay
from shounuo.staff import queries as staff
from shounuo.staff.models import Team
from shounuo.web.console import pages, told
from shounuo.web.console.menu import sections
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

LIST = "/settings/mailboxes/"
SECURITY = (("tls", "TLS"), ("starttls", "STARTTLS"), ("none", gettext_lazy("不加密")))
GROUPS = (
    (
        gettext_lazy("收信"),
        ("name", "address", "aliases", "team", "channel_class", "catch_all", "plus_address", "active"),
    ),
    (gettext_lazy("回信"), ("from_name", "relay", "signature", "receipt")),
    (
        gettext_lazy("到别处取信（IMAP）"),
        (
            "imap_host",
            "imap_port",
            "imap_security",
            "imap_login",
            "imap_password",
            "imap_forget",
            "imap_folder",
        ),
    ),
)
KEPT = ("name", "address", "channel_class", "catch_all", "plus_address", "active", "from_name", "signature")
FETCH = ("imap_host", "imap_port", "imap_security", "imap_login", "imap_folder")


class MailboxForm(forms.Form):
    """A mailbox. The password field is empty whatever is stored: empty leaves it."""

    halves = (
        *("name", "address", "team", "channel_class", "from_name", "relay"),
        *("imap_port", "imap_security", "imap_login", "imap_password"),
    )

    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    address = forms.CharField(label=gettext_lazy("地址"), max_length=254)
    aliases = forms.CharField(
        label=gettext_lazy("别名地址"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("每行一个，都收进这个邮箱"),
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("交给小组"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=gettext_lazy("不指定"),
    )
    channel_class = forms.ChoiceField(
        label=gettext_lazy("渠道类别"),
        choices=Mailbox.Class.choices,
        help_text=gettext_lazy("有的条款只管主渠道"),
    )
    catch_all = forms.BooleanField(
        label=gettext_lazy("寄到其他地址的信也收"),
        required=False,
        help_text=gettext_lazy("只有一个邮箱能这样；不开时，不认识的地址当场退回"),
    )
    plus_address = forms.BooleanField(
        label=gettext_lazy("用加号地址认回信"),
        required=False,
        help_text=gettext_lazy("邮件服务商支持 kefu+单号@ 时再开"),
    )
    active = forms.BooleanField(label=gettext_lazy("在用"), required=False, initial=True)
    from_name = forms.CharField(label=gettext_lazy("发件人名称"), required=False, max_length=80)
    relay = forms.ModelChoiceField(
        label=gettext_lazy("发信服务器"),
        queryset=Relay.objects.none(),
        required=False,
        empty_label=gettext_lazy("用默认的"),
    )
    signature = forms.CharField(
        label=gettext_lazy("签名"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    receipt = forms.BooleanField(
        label=gettext_lazy("收到后自动回执"),
        required=False,
        initial=True,
        help_text=gettext_lazy("回执写明单号和进度页；算不算响应由条款定"),
    )
    imap_host = forms.CharField(
        label=gettext_lazy("IMAP 服务器"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("例如 imap.exmail.qq.com；信直接送到守诺时不用填"),
    )
    imap_port = forms.IntegerField(
        label=gettext_lazy("端口"), required=False, initial=993, min_value=1, max_value=65535
    )
    imap_security = forms.ChoiceField(label=gettext_lazy("加密"), required=False, choices=SECURITY)
    imap_login = forms.CharField(label=gettext_lazy("账号"), required=False, max_length=255)
    imap_password = forms.CharField(
        label=gettext_lazy("密码或授权码"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    imap_forget = forms.BooleanField(label=gettext_lazy("删掉存着的密码"), required=False)
    imap_folder = forms.CharField(
        label=gettext_lazy("文件夹"), required=False, initial="INBOX", max_length=120
    )

    def __init__(self, *args: Any, stored: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = staff.teams()  # type: ignore[attr-defined]
        self.fields["relay"].queryset = notices.relays()  # type: ignore[attr-defined]
        if stored:
            self.fields["imap_password"].help_text = _("已存着一个；不填就不变")
        else:
            del self.fields["imap_forget"]

    def values(self) -> dict[str, Any]:
        """What the mailbox services take."""
        given = dict(self.cleaned_data)
        forget = given.pop("imap_forget", False)
        typed = given.pop("imap_password")
        team, relay = given.pop("team"), given.pop("relay")
        return {
            **given,
            "aliases": [a for a in given["aliases"].replace(",", "\n").split("\n") if a.strip()],
            "team_id": team.pk if team else None,
            "relay_id": relay.pk if relay else None,
            "imap_port": given["imap_port"] or 993,
            "imap_security": given["imap_security"] or "tls",
            "imap_folder": given["imap_folder"] or "INBOX",
            "imap_password": "" if forget else typed or None,
        }


class TestForm(forms.Form):
    """Where a test mail goes."""

    to = forms.CharField(label=gettext_lazy("发到"), max_length=254)
    selector = forms.CharField(
        label=gettext_lazy("DKIM 选择器"),
        required=False,
        max_length=63,
        help_text=gettext_lazy("不知道就空着，只查常见的"),
    )


@staff_page(MANAGE)
def index(request: HttpRequest) -> HttpResponse:
    shown, pager = pages.paged(request, queries.mailboxes())
    rows = [
        {
            "id": box.pk,
            "url": f"{LIST}{box.pk}/",
            "cells": [
                pages.named(box.name, active=box.active),
                box.address,
                box.team.name if box.team else _("不指定"),
                box.get_channel_class_display(),
                _fetched(box),
                pages.when(box.last_received_at, _("还没有")),
            ],
            "acts": [{"url": f"{LIST}{box.pk}/test/", "label": _("发信测试")}] if box.active else [],
        }
        for box in shown
    ]
    catch_all = next((box for box in shown if box.catch_all and box.active), None)
    return pages.table(
        request,
        title=_("收信邮箱"),
        columns=[
            {"label": t}
            for t in (
                _("名称"),
                _("地址"),
                _("小组"),
                _("类别"),
                _("取信"),
                _("最近收信"),
            )
        ],
        rows=rows,
        pager=pager,
        note=_("“%(name)s”接收寄到任何地址的信。正式使用前建议改成只收列出的地址。")
        % {"name": catch_all.name}
        if catch_all
        else "",
        add={"url": f"{LIST}new/", "label": _("加一个邮箱")},
        empty={
            "title": _("还没有邮箱"),
            "text": _("客户写到这里的信会成为工单"),
            "url": f"{LIST}new/",
            "action": _("加一个邮箱"),
        },
    )


def _fetched(box: Mailbox) -> str:
    if not box.imap_host:
        return _("直接送达")
    if box.imap_error:
        return _("取不到：%(why)s") % {"why": told.fault_words(box.imap_error, 80)}
    return _("IMAP，%(at)s") % {"at": pages.when(box.imap_checked_at, _("还没取过"))}


@staff_page(MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    form = MailboxForm(request.POST or None)

    def save(_values: dict[str, Any]) -> None:
        services.mailbox_create(**form.values(), actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=_("加一个邮箱"),
        save=save,
        done_url=LIST,
        save_label=_("加进来"),
        toast=_("邮箱已加"),
        groups=pages.grouped(form, GROUPS),
    )


@staff_page(MANAGE)
def edit(request: HttpRequest, id: int) -> HttpResponse:
    box = queries.mailbox(id)
    form = MailboxForm(
        request.POST or None,
        stored=bool(box.imap_password),
        initial={
            **{f: getattr(box, f) for f in (*KEPT, *FETCH, "receipt")},
            "aliases": "\n".join(box.aliases),
            "team": box.team_id,
            "relay": box.relay_id,
        },
    )

    def save(_values: dict[str, Any]) -> None:
        services.mailbox_change(mailbox_id=id, **form.values(), actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=box.name,
        save=save,
        done_url=LIST,
        toast=_("已保存"),
        groups=pages.grouped(form, GROUPS),
        problem=_("取不到信：%(why)s") % {"why": told.fault_words(box.imap_error)}
        if box.imap_error and box.active
        else "",
    )


@staff_page(MANAGE)
def test(request: HttpRequest, id: int) -> HttpResponse:
    """Sends a test mail and shows what the world's name servers say of the sending domain."""
    box = queries.mailbox(id)
    form = TestForm(request.POST or None, initial={"to": request.user.mail})  # type: ignore[union-attr]
    result = None
    if request.method == "POST" and form.is_valid():
        try:
            result = services.send_test(mailbox_id=id, **form.cleaned_data, actor=actor_of(request), at=now())
        except Problem as problem:
            pages.refuse(form, problem)
    return render(
        request,
        "console/send_test.html",
        {
            "title": _("发信测试：%(name)s") % {"name": box.name},
            "sections": sections(actor_of(request), request.path),
            "form": form,
            "cancel_url": LIST,
            "result": result,
            "mail": _mail_shown(id, result.mail) if result else None,
            "checks": [_check_shown(check) for check in result.domain.records] if result else [],
        },
        status=422 if form.errors else 200,
    )


@staff_page(MANAGE)
def test_state(request: HttpRequest, id: int, mail_id: int) -> HttpResponse:
    """What became of the test mail, asked again until it is decided."""
    mail = notices.mails_of("mailbox", id).filter(pk=mail_id).first()
    if mail is None:
        raise NotFound(_("没有这封邮件"))
    return render(request, "console/_test_mail.html", {"mail": _mail_shown(id, mail)})


def _mail_shown(box_id: int, mail: OutgoingMail) -> dict[str, Any]:
    waits = mail.state == OutgoingMail.State.QUEUED
    return {
        "state": mail.get_state_display(),
        "tone": {"sent": "on", "failed": "complaint"}.get(mail.state, ""),
        "error": told.fault_words(mail.error),
        "url": f"{LIST}{box_id}/test/{mail.pk}/" if waits else "",
        "held": mail.state == OutgoingMail.State.HELD,
    }


def _check_shown(check: Any) -> dict[str, Any]:
    return {
        "kind": check.kind.upper(),
        "verdict": {
            "ok": _("有效"),
            "missing": _("没有"),
            "weak": _("偏弱"),
            "unreachable": _("查不到"),
        }[check.verdict],
        "tone": {"ok": "on", "missing": "complaint", "weak": "warn"}.get(check.verdict, ""),
        "name": check.name,
        "found": check.found,
        "hint": check.hint,
    }
