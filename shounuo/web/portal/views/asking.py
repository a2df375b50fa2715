"""A new request: the form, its files, and the word that it was received."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shounuo.cases import queries as cases
from shounuo.channels import services
from shounuo.commitments import queries as commitments
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, Problem, TooMany
from shounuo.kernel.secrets import new_token
from shounuo.web import timing, words
from shounuo.web.console.pages import refuse
from shounuo.web.phone.foresee import Opening, foresee
from shounuo.web.portal import fields, pages, session, showing, uploads
from shounuo.web.portal.forms import KINDS, AskForm

DRAFT = "new"


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form; what was typed and the files come back with every error."""
    customer, at = session.customer_of(request), now()
    given = request.POST if request.method == "POST" else request.GET
    kind = given.get("kind", "")
    kind = kind if kind in dict(KINDS) else "inquiry"
    own = cases.fields_of(kind, public=True)
    if request.method != "POST":
        form = AskForm(own=own, known=customer is not None, initial={"kind": kind, "nonce": new_token()})
        return _form(request, form, kind, [])
    form = AskForm(request.POST, own=own, known=customer is not None)
    files: list[uploads.Kept] = []
    status = 422
    try:
        files = uploads.of_request(request, address=pages.address_of(request), at=at)
        if form.is_valid():
            custom = fields.gather(form, own)
            if not form.errors:
                sent = _send(request, form.cleaned_data, custom, files, customer)
                token = sent.path.removeprefix("/t/").removesuffix("/")
                return HttpResponseRedirect(f"/help/c/{token}/received/")
    except Problem as problem:
        form.is_valid()
        status = problem.status
        if isinstance(problem, TooMany):
            form.add_error(None, _("发得太频繁了，您填写的内容还在，请过一会儿再发"))
        elif problem.code == "key_reused":  # back to a form that was sent, changed and sent again
            form.data = request.POST.copy()
            form.data["nonce"] = new_token()
            form.add_error(None, _("这份内容刚才发出过一次。改好的这份要再发，请再点一次“发给我们”"))
        else:
            refuse(form, problem)
    return _form(request, form, kind, files, status=status)


def _send(
    request: HttpRequest,
    given: dict[str, Any],
    custom: dict[str, Any],
    files: list[uploads.Kept],
    customer: Actor | None,
) -> services.Submitted:
    return services.form_submit(
        name=given.get("name", ""),
        mail=given.get("mail", ""),
        phone=given.get("phone", ""),
        subject=given["title"],
        text=given["text"],
        kind=given["kind"],
        custom=custom,
        files=uploads.read(files),
        nonce=given["nonce"],
        address=pages.address_of(request),
        actor=customer,
        at=now(),
    )


def _form(
    request: HttpRequest, form: AskForm, kind: str, files: list[uploads.Kept], *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "kinds": [{"value": v, "label": label, "checked": v == kind} for v, label in KINDS],
        "kept": uploads.shown(files),
        "upload_url": "/help/upload/",
        "fields_url": "/help/new/fields/",
        "draft_key": DRAFT,
        **on_receipt(kind),
    }
    return pages.page(request, "portal/new.html", context, status=status)


def on_receipt(kind: str) -> dict[str, Any]:
    """What is promised on receipt of such a request: the first clock that such a case would start and that is about the customer."""
    for clock in foresee(Opening("form", kind, by_staff=False), now()):
        if what := showing.promised(clock.rule):
            text = _("收到后 %(span)s内%(what)s。") % {"span": clock.within.words(), "what": what}
            return {"promise_text": text, "clause": timing.clause_number(clock.rule.clause)}
    return {"promise_text": _("写下来，我们会尽快回复。"), "clause": ""}


@require_safe
def own_fields(request: HttpRequest) -> HttpResponse:
    """The public own fields of a kind, as it is chosen; what was typed in those that stay is kept."""
    kind = request.GET.get("kind", "")
    own = cases.fields_of(kind, public=True) if kind in dict(KINDS) else []
    form = AskForm(own=own, initial={k: v for k, v in request.GET.items() if k.startswith(fields.PREFIX)})
    return render(request, "portal/new.html#own", {"form": form})


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keeps a file of a form still being written: {"id", "name", "size"}."""
    given = request.FILES.get("file")
    if not isinstance(given, UploadedFile):
        raise Invalid(_("没有收到文件"), field="file")
    kept = uploads.keep(given, address=pages.address_of(request), at=now())
    return JsonResponse({"id": kept.id, "name": kept.name, "size": kept.size})


@pages.by_link
@require_safe
def received(request: HttpRequest, door: pages.Door) -> HttpResponse:
    """It was received: the number, what is promised now, and the way to the progress page."""
    at = now()
    case = cases.get(door.actor, door.number)
    clocks = showing.told_clocks(commitments.of_subjects("case", [case.pk])[case.pk])
    promise = _("我们会尽快回复您")
    for clock, what in clocks:
        if clock.is_live and clock.due_at > at:
            promise = _("%(when)s 前%(what)s") % {"when": words.moment_words(clock.due_at, at), "what": what}
            break
    sent = {"number": case.number, "url": door.base, "promise": promise}
    return pages.page(request, "portal/new.html", {"sent": sent, "draft_done": DRAFT})
