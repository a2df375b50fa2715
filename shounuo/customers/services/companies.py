"""Companies that customers belong to."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shounuo.customers import events
from shounuo.customers.models import Company
from shounuo.customers.permissions import EDIT
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound, Problem
from shounuo.kernel.text import clean, clean_line, initials, sort_key

# Domains that everybody has an address under: they say nothing about a company.
PUBLIC_DOMAINS = frozenset(
    "qq.com vip.qq.com foxmail.com 163.com 126.com yeah.net vip.163.com vip.126.com 188.com sina.com sina.cn "
    "vip.sina.com sohu.com 139.com 189.cn wo.cn aliyun.com 21cn.com tom.com gmail.com outlook.com hotmail.com "
    "live.com live.cn msn.com yahoo.com yahoo.cn icloud.com me.com proton.me protonmail.com".split()
)
_DOMAIN = re.compile(r"(?=.{4,120}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


def company_create(
    *,
    name: str,
    mail_domain: str = "",
    region: str = "",
    note: str = "",
    actor: Actor,
    at: datetime,
) -> Company:
    """Adds a company; customers with a mail address of its domain who come later join it.

    Needs customers.edit. Raises Invalid (field name or mail_domain); publishes company.created.
    """
    _need(actor)
    company = Company(region=clean_line(region, 120), note=clean(note))
    _name(company, name)
    company.mail_domain = _domain(mail_domain)
    with transaction.atomic():
        _save(company)
        publish([NewEvent(events.COMPANY_CREATED, ("company", company.id), at, actor)])
    return company


def company_change(
    *,
    company_id: int,
    name: str | None = None,
    mail_domain: str | None = None,
    region: str | None = None,
    note: str | None = None,
    actor: Actor,
    at: datetime,
) -> Company:
    """Changes what is given. Needs customers.edit; publishes company.changed with the fields' names."""
    _need(actor)
    with transaction.atomic():
        company = Company.objects.select_for_update().filter(pk=company_id).first()
        if company is None:
            raise NotFound(_("没有这个单位"))
        before = (company.name, company.mail_domain, company.region, company.note)
        if name is not None:
            _name(company, name)
        if mail_domain is not None:
            company.mail_domain = _domain(mail_domain)
        if region is not None:
            company.region = clean_line(region, 120)
        if note is not None:
            company.note = clean(note)
        after = (company.name, company.mail_domain, company.region, company.note)
        names = ("name", "mail_domain", "region", "note")
        changed = [n for n, was, now in zip(names, before, after, strict=True) if was != now]
        if changed:
            _save(company)
            payload = {"fields": changed}
            publish([NewEvent(events.COMPANY_CHANGED, ("company", company.id), at, actor, payload)])
    return company


def company_of(name: str, *, actor: Actor, at: datetime) -> int:
    """The id of the company of this name, made when there is none. Safe when several do it at once."""
    name = clean_line(name, 160)
    company, created = Company.objects.get_or_create(
        name__iexact=name,
        defaults={"name": name, "sort_key": sort_key(name)[:250], "initials": initials(name)},
    )
    if created:
        publish([NewEvent(events.COMPANY_CREATED, ("company", company.id), at, actor)])
    return company.id


def _need(actor: Actor) -> None:
    if not actor.may(EDIT):
        raise NotAllowed(_("您没有修改客户资料的权限"))


def _name(company: Company, name: str) -> None:
    company.name = clean_line(name, 160)
    if not company.name:
        raise Invalid(_("请填写单位名称"), field="name")
    company.sort_key, company.initials = sort_key(company.name)[:250], initials(company.name)


def _domain(domain: str) -> str:
    domain = domain.strip().lower().lstrip("@")
    if domain and not _DOMAIN.fullmatch(domain):
        raise Invalid(_("这不是邮箱域名，应如 example.cn"), field="mail_domain")
    if domain in PUBLIC_DOMAINS:
        raise Invalid(_("这是公共邮箱的域名，不能代表一个单位"), field="mail_domain")
    return domain


def _save(company: Company) -> None:
    try:
        with transaction.atomic():
            company.save()
    except IntegrityError as error:
        raise _taken(error) from error


def _taken(error: IntegrityError) -> Problem:
    if "customers_company_name" in str(error):
        return Invalid(_("已有同名的单位"), field="name", code="taken")
    if "customers_company_domain" in str(error):
        return Invalid(_("这个邮箱域名已属于另一个单位"), field="mail_domain", code="taken")
    raise error
