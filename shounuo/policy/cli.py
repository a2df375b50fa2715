"""`shounuo policy import | publish | export | check`: an operator's acts, recorded as the system's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.policy import packs, queries, registers, services
from shounuo.policy.labels import part, spoken
from shounuo.policy.models import PolicyVersion, Rule
from shounuo.policy.proposing import documents, telling
from shounuo.policy.reading import read_pack
from shounuo.policy.registers import Audit, Fate
from shounuo.policy.schema import Pack
from shounuo.policy.services.common import words
from shounuo.policy.vocabulary import current

Say = Callable[[str], None]

_FATES: dict[Fate, Any] = {
    Fate.LIVE: gettext_lazy("在执行"),
    Fate.EVIDENCED: gettext_lazy("有据可查"),
    Fate.WAITING: gettext_lazy("等待所需部分"),
    Fate.UNSET: gettext_lazy("等待填写数字"),
    Fate.WRITTEN: gettext_lazy("仅有条文"),
    Fate.NOT_BUILT: gettext_lazy("不采用"),
    Fate.ABSENT: gettext_lazy("未收录"),
}


def import_file(path: Path, say: Say) -> int:
    """Reads a pack and makes a draft of it; prints its number. Raises PackInvalid with every error of the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Invalid(_("读不了文件 %(path)s：%(why)s") % {"path": path, "why": error.strerror}) from error
    except UnicodeDecodeError as error:
        raise Invalid(_("文件 %(path)s 不是 UTF-8 编码") % {"path": path}) from error
    version = services.version_import(text=text, file_name=path.name, actor=Actor.system(), at=now())
    say(
        _("草案：%(title)s 第 %(number)s 版（%(code)s）")
        % {
            "title": spoken(version.title, version.title_en),
            "number": version.number,
            "code": version.policy.code,
        }
    )
    return 0


def publish(pack: str, say: Say) -> int:
    """Puts the newest version of a pack that is not published in force at once."""
    version = services.version_publish_at_once(policy_code=pack, actor=Actor.system(), at=now())
    rules = Rule.objects.filter(clause__version=version)
    say(
        _("已施行：%(title)s 第 %(number)s 版，%(live)d 条规则在执行，%(all)d 条规则在内")
        % {
            "title": spoken(version.title, version.title_en),
            "number": version.number,
            "live": rules.filter(status=Rule.Status.LIVE).count(),
            "all": rules.count(),
        }
    )
    return 0


def export(pack: str, path: Path | None, say: Say) -> int:
    """Writes the version in force (or the newest one where none is) as YAML to a file, or says it."""
    at = now()
    version = queries.versions_in_force(at).filter(policy__code=pack).first()
    if version is None:
        version = PolicyVersion.objects.filter(policy__code=pack).order_by("-number").first()
    if version is None:
        raise NotFound(_("没有制度“%(code)s”") % {"code": pack})
    text = queries.export(version)
    if path is None:
        say(text.rstrip("\n"))
    else:
        path.write_text(text, encoding="utf-8")
        say(str(path))
    return 0


def propose(path: Path, say: Say, *, as_json: bool = False) -> int:
    """Cuts a regulation (.docx, .pdf, .md, .txt) into clauses and proposes rules for them; touches no database.

    `as_json`: one JSON document with clauses, proposals, their evidence, and how well such proposals were measured to
    be (`telling.as_json`); otherwise lines for people. Raises Invalid or TooLarge for a file without text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(_("读不了文件 %(path)s：%(why)s") % {"path": path, "why": error.strerror}) from error
    document = documents.read(data)
    found = telling.told(path.name, document, current())
    say(telling.as_json(found) if as_json else telling.as_lines(found))
    return 0


def measured(say: Say) -> int:
    """Says how well proposals are, on the texts that the project wrote for it: the table of docs/parts/proposing.md."""
    say(telling.table())
    return 0


def check(say: Say, files: list[Path] | None = None, *, installed: bool = True) -> int:
    """Tells for every clause its rules, since when they run and how often they were kept, and for every register what
    becomes of its rows. Looks at the packs in force, then at shipped ones (or `files`) that are not; then, unless files
    were named, at all rows together. Where nothing is installed nothing is in force, and no database is asked.

    Returns 1 when a pack names a requirement row that no register knows or no shipped pack speaks of a row, otherwise 0.
    Raises PackInvalid for a file that cannot be read.
    """
    at = now()
    vocabulary = words() if installed else current()
    rows = registers.read(packs.register_files())
    failed = False
    shipped: list[Pack] = []
    seen: list[Pack] = []
    running = list(queries.versions_in_force(at)) if installed else []
    in_force = [queries.pack_of(version) for version in running]
    for version, pack in zip(running, in_force, strict=True):
        _say_version(say, version, at)
        failed |= _say_audit(say, pack, registers.audit(_spoken(rows, pack), [pack], vocabulary), runs=True)
    codes = {pack.code for pack in in_force}
    for path in files if files is not None else packs.files():
        pack = read_pack(path.read_text(encoding="utf-8-sig"), path.name, vocabulary)
        shipped.append(pack)
        if files is None and pack.code in codes:
            continue
        seen.append(pack)
        say(
            _("%(title)s（%(file)s，未施行）")
            % {"title": spoken(pack.title, pack.title_en), "file": path.name}
        )
        failed |= _say_audit(say, pack, registers.audit(_spoken(rows, pack), [pack], vocabulary), runs=False)
    if files is None:
        _say_all(say, registers.audit(rows, [*in_force, *seen], vocabulary))
        failed |= _say_forgotten(say, registers.audit(rows, shipped, vocabulary))
    return int(failed)


def _say_all(say: Say, audit: Audit) -> None:
    """The rows of all registers together; what runs in one document counts as running."""
    every = [fate for fates in audit.fates.values() for fate in fates.values()]
    counts = " · ".join(f"{_FATES[fate]} {every.count(fate)}" for fate in Fate)
    say(_("合计：共 %(rows)d 行 · %(counts)s") % {"rows": len(every), "counts": counts})


def _say_forgotten(say: Say, audit: Audit) -> bool:
    """Names the rows of which no shipped pack speaks; True when there are any."""
    forgotten = [r for fates in audit.fates.values() for r, fate in fates.items() if fate is Fate.ABSENT]
    for row in forgotten:
        say(_("错误：没有条款收录要求 %(row)s") % {"row": row})
    return bool(forgotten)


def _spoken(rows: dict[str, dict[str, registers.Row]], pack: Pack) -> dict[str, dict[str, registers.Row]]:
    """The registers that a pack speaks of, by the prefix of its rows."""
    named = {row.partition("-")[0] for clause in pack.clauses for row in clause.covers}
    named |= {row.partition("-")[0] for row, _why in pack.not_built}
    return {name: found for name, found in rows.items() if name in named}


def _say_version(say: Say, version: PolicyVersion, at: datetime) -> None:
    assert version.effective_at is not None
    say(
        _("%(title)s 第 %(number)s 版，自 %(since)s 起施行")
        % {
            "title": spoken(version.title, version.title_en),
            "number": version.number,
            "since": _day(version.effective_at),
        }
    )
    views = queries.clause_views(queries.clauses_of(version))
    kept = queries.kept_of([v.row.code for v in views], at)
    for view in views:
        share = _kept(kept[view.row.code])
        say(f"  {view.row.number} {view.title}{'  ' + share if share else ''}")
        for rule in view.rules:
            told = _("%(label)s：%(text)s") % {"label": rule.title, "text": rule.sentence}
            say(f"    {_standing(rule.row)}  {told}")
        if not view.rules:
            say("    " + _("没有任何机制执行这一条"))


def _standing(rule: Rule) -> str:
    label = str(Rule.Status(rule.status).label)
    if rule.live_since is not None:
        return _("%(status)s（自 %(since)s）") % {"status": label, "since": _day(rule.live_since)}
    if rule.gaps:
        return _("%(status)s，有未设定的数字") % {"status": label}
    if rule.status == Rule.Status.WAITING:
        return _("%(status)s（%(parts)s）") % {
            "status": label,
            "parts": _("、").join(map(part, rule.waiting_for)),
        }
    return label


def _kept(figures: dict[str, Any] | None) -> str:
    """The shares that are known: week, month, quarter."""
    labels = {"week": _("本周"), "month": _("本月"), "quarter": _("本季")}
    told = []
    for period, label in labels.items():
        share = (figures or {}).get(period, {}).get("share") if figures else None
        if share is not None:
            told.append(f"{label} {share:.1%}")
    return " · ".join(told)


def _say_audit(say: Say, pack: Pack, audit: Audit, *, runs: bool) -> bool:
    labels = _FATES if runs else {**_FATES, Fate.LIVE: _("一经施行即可执行")}
    for name, fates in audit.fates.items():
        counts = " · ".join(f"{labels[fate]} {audit.count(name, fate)}" for fate in Fate)
        say(
            _("%(register)s：共 %(rows)d 行 · %(counts)s")
            % {"register": name, "rows": len(fates), "counts": counts}
        )
        for row, fate in fates.items():
            if fate is Fate.NOT_BUILT:
                told = _("%(label)s：%(text)s") % {"label": _FATES[fate], "text": audit.reasons[row]}
                say(f"  {row} {told}")
    for _code, clause, line, row in audit.unknown:
        say(
            _("错误：%(pack)s 第 %(line)d 行 %(clause)s：没有要求 %(row)s")
            % {"pack": pack.code, "line": line, "clause": clause, "row": row}
        )
    return bool(audit.unknown)


def _day(moment: datetime) -> str:
    return timezone.localtime(moment).date().isoformat()
