"""The versions of a document: who did what, what changed, who has read it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import BadDuration, Span
from shounuo.policy import labels, permissions
from shounuo.policy import queries as policy
from shounuo.policy.models import PolicyVersion
from shounuo.policy.services.review import Approvers, Word
from shounuo.staff.permissions import MANAGE
from shounuo.web import timing, words
from shounuo.web.policies.showing.documents import is_in_force, state_words

MOST_CHANGES = 40
MOST_NAMED = 3
APPROVED = 2  # the place of the approval among the steps of a version's life
_AMOUNT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(%| [A-Z]{3})")
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|.", re.DOTALL)


def version_change(version: PolicyVersion, code: str) -> dict[str, Any] | None:
    """What this version changed in the clause against the one before; None when there is none before."""
    before = (
        PolicyVersion.objects.filter(
            policy=version.policy, number__lt=version.number, state__in=["published", "archived"]
        )
        .order_by("-number")
        .first()
    )
    if before is None:
        return None
    change = next((c for c in policy.diff(before, version) if c.code == code), None)
    note = f"{before.label} → {version.label}"
    if change is None:
        return {"note": note, "diff": _("这一条没有变"), "rows": [], "foot": ""}
    old, new = _wording(change)
    rows = [{"label": changed.title, "html": _in_words(changed)} for changed in change.rules]
    return {
        "note": note,
        "diff": marked(old, new) if old or new else _("正文没有变"),
        "rows": rows[:12],
        "foot": _("生效时在计的时限仍按旧版走完"),
    }


def _in_words(change: policy.RuleChange) -> SafeString:
    """What became of a rule, said as the pages say it, on one line."""
    was, will = (text.replace("\n", " · ") for text in change.said)
    return marked(was, will) if was != will else format_html("{}", will)


def _wording(change: policy.ClauseChange) -> tuple[str, str]:
    """The wording before and after in the reader's language, empty where it stayed; the Chinese, which is the one
    that binds, where only that changed."""
    was, will = change.fields.get("wording", ("", ""))
    was_en, will_en = change.fields.get("wording_en", ("", ""))
    if was_en and will_en:
        was, will = labels.spoken(was, was_en), labels.spoken(will, will_en)
    return was or "", will or ""


def marked(old: str, new: str) -> SafeString:
    """The new wording with what went and what came marked: Chinese by characters, words and numbers whole."""
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    pieces = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("", "".join(before[a:b])))
        else:
            if b > a:
                pieces.append(("del", "".join(before[a:b])))
            if d > c:
                pieces.append(("ins", "".join(after[c:d])))
    return format_html_join(
        "",
        "{}",
        ((format_html("<{0}>{1}</{0}>", SafeString(tag), text) if tag else text,) for tag, text in pieces),
    )


def signed(
    version: PolicyVersion, have: Collection[int] | None = None, *, remind: bool = False
) -> dict[str, Any] | None:
    """Who has acknowledged the version; `have` where it is known already. With `remind` there is a way to remind those
    who have not. Two queries, or one."""
    if version.state not in ("published", "archived"):
        return None
    if have is None:
        have = policy.acknowledged(version)
    people = list(policy.readers(version))
    missing = [p.name for p in people if p.pk not in have]
    text = _("%(have)s / %(all)s") % {"have": len(people) - len(missing), "all": len(people)}
    if missing:
        said = {"share": text, "names": _("、").join(missing[:3])}
        text = (_("%(share)s，差%(names)s等") if len(missing) > 3 else _("%(share)s，差%(names)s")) % said
    remind_url = f"/policy/{version.policy.code}/remind/" if remind and missing else ""
    return {
        "people": [{"name": p.name} for p in people if p.pk in have],
        "text": text,
        "remind_url": remind_url,
    }


def version_row(
    version: PolicyVersion,
    *,
    is_first: bool,
    signed: bool,
    names: Mapping[int, str],
    word: Word | None,
    named: Approvers,
    actor: Actor,
    at: datetime,
) -> dict[str, Any]:
    """A version in the list of versions: its state, the steps of its life and by whom, what may be done now, where its changes
    are told. `word`: what the reader's counts for, in review. `named`: whom the regulation names. No query."""
    code = version.policy.code
    base = f"/policy/{code}/versions/{version.pk}"
    runs = is_in_force(version, at)
    acts: list[dict[str, Any]] = []
    if version.state == "draft" and actor.may(permissions.EDIT):
        acts = [
            {"url": f"{base}/submit/", "label": _("送审"), "primary": True},
            {"url": f"{base}/discard/", "label": _("作废"), "danger": True, "ask": _("草案作废后不能恢复")},
        ]
    elif word is not None and word.counts:
        acts = [{"url": f"{base}/approve/", "label": _("批准"), "primary": True}]
    making = version.state in ("draft", "in_review", "approved")
    may_change = version.state == "draft" and actor.may(permissions.EDIT)
    may_publish = version.state == "approved" and actor.may(permissions.PUBLISH)
    return {
        "label": _("第 %(label)s 版") % {"label": version.label},
        "number": version.number,
        "url": f"/policy/{code}/?version={version.number}",
        "state": state_words(version, at),
        "is_in_force": runs,
        "waits": _waits(word, named, names) if word is not None else "",
        "steps": _life(version, names, at),
        "note": version.note,
        "changes_url": "" if is_first else f"{base}/changes/",
        "edit_url": f"{base}/edit/" if may_change else "",
        "questions_url": f"{base}/questions/" if making and actor.may(permissions.EDIT) else "",
        "review_url": f"{base}/review/" if making else "",
        "return_url": f"{base}/return/" if version.state in ("in_review", "approved") else "",
        "sign_url": f"/policy/{code}/sign/" if runs and actor.person_id and not signed else "",
        "acts": acts,
        "publish_url": f"{base}/publish/" if may_publish else "",
        "export_url": f"/policy/{code}/export/?version={version.number}",
    }


def lacking(roles: Sequence[policy.Lacking], code: str, actor: Actor) -> dict[str, Any] | None:
    """The roles that a version sets to work and that nobody holds: which clauses name each, where it is made or given to
    somebody by those who may. None where there is none."""
    if not roles:
        return None
    manages = actor.may(MANAGE)
    return {
        "count": len(roles),
        "roles": [
            {
                "name": labels.role(it.code),
                "clauses": [
                    {"number": timing.clause_number(c), "name": "", "url": f"/policy/clauses/{c}/"}
                    for c in it.clauses[:MOST_NAMED]
                ],
                "more": max(0, len(it.clauses) - MOST_NAMED),
                "make_url": f"/policy/{code}/roles/{it.code}/" if manages and not it.exists else "",
                "give_url": "/settings/people/" if manages and it.exists else "",
                "exists": it.exists,
            }
            for it in roles
        ],
    }


def _waits(word: Word, named: Approvers, names: Mapping[int, str]) -> str:
    """For whom it waits: those whom a clause names are said, else somebody else with the right; in whose place the reader
    approves. That nobody is of the role is said too: then whoever has the right stands in."""
    if word.problem is not None:
        return str(word.problem) if word.problem.code == "role_needed" else _("等另一位有权批准的人批准")
    if word.for_id is not None:
        return _("您代%(who)s审批，会记下来") % {"who": names.get(word.for_id, "")}
    if named.roles and not named.held:
        said = {"clause": named.clause, "who": named.who}
        return _("条 %(clause)s 规定由%(who)s批准，有批准权限的人里还没有这个角色，暂由他们批准") % said
    return ""


def _life(version: PolicyVersion, names: Mapping[int, str], at: datetime) -> list[dict[str, Any]]:
    """What was done with a version, by whom and when; the first step that is still to come is the current one."""
    made = [
        (_("起草"), version.created_at, version.created_by_id),
        (pgettext("done", "送审"), version.submitted_at, version.submitted_by_id),
        (pgettext("done", "批准"), version.approved_at, version.approved_by_id),
        (pgettext("done", "发布"), version.published_at, version.published_by_id),
        (_("施行"), version.effective_at, None),
    ]
    if version.ended_at:
        made.append((_("终止"), version.ended_at, None))
    other = names.get(version.approved_for_id or 0, "")
    instead = _("（代%(who)s）") % {"who": other} if other else ""
    waits = next((n for n, (_name, when, _by) in enumerate(made) if when is None or when > at), len(made))
    return [
        {
            "name": name,
            "who": names.get(by or 0, "") + (instead if n == APPROVED else ""),
            "when": _day(when) if when else "",
            "state": "done" if n < waits else "next" if n == waits else "",
        }
        for n, (name, when, by) in enumerate(made)
    ]


def _day(when: datetime) -> str:
    """A day with its year, and the time where it is not midnight."""
    local = timezone.localtime(when)
    day = words.full_day(local.date(), weekday=False)
    return f"{day} {local:%H:%M}" if (local.hour, local.minute) != (0, 0) else day


def changes(before: PolicyVersion, version: PolicyVersion) -> dict[str, Any]:
    """What a version changed against the one before it, clause by clause."""
    found = list(changed_clauses(before, version).values())
    return {
        "count": len(found),
        "left_out": max(0, len(found) - MOST_CHANGES),
        "items": found[:MOST_CHANGES],
    }


def changed_clauses(before: PolicyVersion, version: PolicyVersion) -> dict[str, dict[str, Any]]:
    """The clauses that a version changed, by code: how, the wording with what went and came marked, and each rule
    that changed with its figures before and after."""
    return {
        c.code: {
            "code": c.code,
            "number": timing.clause_number(c.code),
            "title": c.title,
            "change": {"added": _("新增"), "removed": _("删去")}.get(c.change, _("修改")),
            "is_removed": c.change == "removed",
            "wording": marked(*_wording(c)),
            "rules": [_rule_change(r) for r in c.rules],
        }
        for c in policy.diff(before, version)
    }


def _rule_change(change: policy.RuleChange) -> dict[str, Any]:
    """A rule that changed: the sentence with what went and came marked, and figure by figure what was and is."""
    return {
        "title": change.title,
        "change": {"added": _("新增"), "removed": _("删去")}.get(change.change, ""),
        "html": _in_words(change),
        "figures": figures(change),
    }


def figures(change: policy.RuleChange) -> list[dict[str, str]]:
    """The figures of a rule that changed, before and after, in words: 多长时间 30 分钟 → 20 分钟; what is no figure (events,
    conditions, titles) is told by the sentence."""
    found = []
    for name, (was, will) in change.fields.items():
        before, after = _figure(was), _figure(will)
        if (was is None or before) and (will is None or after):
            found.append({"name": labels.field(name), "was": before or "—", "will": after or "—"})
    return found


def _figure(value: Any) -> str:
    """A figure of a rule's body in words; "" for what is none."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return words.number(value)
    if not isinstance(value, str):
        return ""
    if value == "unset":
        return _("未定")
    if value[:1] == "P":
        try:
            return Span.parse(value).words()
        except BadDuration:
            return ""
    return value if _AMOUNT.fullmatch(value) else ""
