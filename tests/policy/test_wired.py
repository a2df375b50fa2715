"""Nothing is declared that nobody uses, and nothing is there that tests cannot build."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps

from shounuo.events import registry
from shounuo.staff.defaults import _ROLES as DEFAULT_ROLES
from shounuo.staff.permissions import all_permissions

CODE = Path(__file__).resolve().parent.parent.parent / "shounuo"
SOURCES = [p for p in CODE.rglob("*.py") if not {"tests", "migrations"} & set(p.relative_to(CODE).parts)]
# How tests come by a row of each model: `make_<model>` of its part's testing.py, or what makes it instead.
MADE_BY = {
    "audit.Entry": "services.record is one line",
    "audit.Hold": "services.hold_place is one line",
    "audit.Pruning": "made by services.retention_run",
    "audit.Retention": "services.retention_set is one line",
    "audit.Seal": "services.seal is one line",
    "calendars.CalendarDay": "services.day_set is one line",
    "cases.CannedText": "services.canned_save is one line",
    "cases.CustomField": "make_field",
    "cases.Draft": "services.draft_save is one line",
    "cases.Interaction": "comes with make_case; others by the services that write them",
    "cases.Link": "services.cases_link is one line",
    "cases.Mention": "comes with a note",
    "cases.Merge": "services.cases_merge is one line",
    "cases.Option": "comes with a plan",
    "cases.Plan": "services.plan_propose is one line",
    "cases.Reading": "services.mark_read is one line",
    "cases.SavedView": "services.view_save is one line",
    "cases.SearchText": "made by its handler",
    "cases.Viewer": "services.viewer_seen is one line",
    "analytics.Dashboard": "services.board_make is one line",
    "analytics.ReportComment": "services.comment_add is one line",
    "analytics.ReportPlan": "services.plan_set is one line",
    "analytics.Report": "services.report_make is one line",
    "channels.Delivery": "made by services.webhooks_pump",
    "channels.IdempotencyKey": "made by a call with a key",
    "channels.PortalCode": "services.code_request is one line",
    "channels.RawMessage": "receive",
    "channels.Webhook": "services.webhook_create is one line",
    "commitments.Clock": "starts with an event under a policy in force (enforce, happen)",
    "commitments.ClockLoop": "written by the loop",
    "commitments.Pause": "comes with a clock",
    "commitments.Rebase": "services.clock_rebase is one line",
    "commitments.Step": "comes with a clock",
    "customers.Company": "services.company_create is one line",
    "customers.ContactPoint": "comes with make_customer",
    "customers.Merge": "services.customers_merge is one line",
    "cases.Grant": "services.grant_ask is one line",
    "duties.Delegation": "services.delegation_make is one line",
    "duties.Evidence": "comes with a duty that is done",
    "policy.CheckQuestion": "services.questions_set is one line",
    "policy.ClauseComment": "services.comment_add is one line",
    "policy.Deviation": "services.deviation_record is one line",
    "policy.PublicPromise": "services.promise_show is one line",
    "policy.DraftEdit": "written by services.draft_change",
    "risk.AlarmDay": "services.alarms_evaluate writes it with the alarm",
    "risk.Watch": "services.alarms_triggered keeps its place in it",
    "improvement.Improvement": "services.improvement_agree is one line",
    "improvement.Rating": "comes with make_assessment",
    "improvement.Item": "comes with make_inspection",
    "improvement.Judgement": "comes with make_inspection",
    "process.RunStep": "comes with a run",
    "process.RunWatch": "services.events_read keeps its place in it",
    "events.Era": "services.era_begin is one line",
    "events.Event": "services.publish",
    "events.Failure": "written when a handler fails",
    "events.Handled": "written when a handler is done",
    "events.Stream": "comes with an event",
    "files.Blob": "services.blob_store is one line",
    "files.File": "services.file_attach is one line",
    "metrics.Observation": "observe_all",
    "metrics.Progress": "observe_all",
    "notices.Notice": "services.notify is one line",
    "notices.QuietHours": "services.quiet_set is one line",
    "notices.Sending": "services.ways_tell is one line",
    "notices.OutgoingMail": "services.mail_queue is one line",
    "policy.Acknowledgement": "services.acknowledge is one line",
    "policy.Clause": "comes with a version",
    "policy.Policy": "comes with a version",
    "policy.PolicyDocument": "services.document_upload is one line",
    "policy.PolicyGeneration": "one row, by migration",
    "policy.PolicyVersion": "make_draft, make_in_force",
    "policy.Rule": "comes with a version",
    "policy.RuleProposal": "comes with services.document_upload",
    "staff.Bucket": "throttle.hit is one line",
    "staff.Membership": "comes with make_person",
    "staff.OneTimeLink": "services.link_create is one line",
    "staff.Organisation": "set_up_organisation",
    "staff.Role": "make_roles",
    "staff.Shift": "services.shift_add is one line",
    "staff.Token": "services.token_create is one line",
}


def models():
    return [m for m in apps.get_models() if m.__module__.startswith("shounuo.")]


def label(model):
    return f"{model._meta.app_label}.{model.__name__}"


@pytest.mark.parametrize("model", models(), ids=label)
def test_tests_can_make_one_through_the_services(model):
    part = ".".join(model.__module__.split(".")[:2])
    factory = "make_" + re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()
    made = MADE_BY.get(label(model), "")
    testing = (
        import_module(f"{part}.testing") if (CODE / part.split(".")[1] / "testing.py").exists() else None
    )
    if hasattr(testing, factory):
        assert not made, f"{factory} is there: take it off the list"
    elif (named := re.match(r"services\.(\w+)", made)) is not None:
        assert hasattr(import_module(f"{part}.services"), named[1]), made
    elif made.split(",")[0].isidentifier():
        assert hasattr(testing, made.split(",")[0]), made
    else:
        assert made, f"{label(model)} has no {factory} in testing.py and no reason here"


def test_the_list_of_models_names_only_what_is_there():
    assert set(MADE_BY) <= {label(m) for m in models()}


def permission_names():
    """(module, constant, code) of every declared permission."""
    found = []
    for path in CODE.glob("*/permissions.py"):
        module = import_module(f"shounuo.{path.parent.name}.permissions")
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and "declare(" in ast.unparse(node.value):
                name = node.targets[0].id
                found.append((path, name, getattr(module, name)))
    return found


@pytest.mark.parametrize(
    ("path", "name", "code"), permission_names(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_permission_is_asked_somewhere(path, name, code):
    """By its constant where the module is imported, or by its code; the list of default roles asks nobody."""
    module = path.parent.name
    used = re.compile(
        rf"['\"]{re.escape(code)}['\"]"
        rf"|\bpermissions\.{name}\b"
        rf"|from shounuo\.{module}\.permissions import [^)]*\b{name}\b"
    )
    asking = [p for p in SOURCES if p != path and p.name != "defaults.py" and used.search(p.read_text())]
    assert asking, f"nobody asks for {code}"


def test_default_roles_hold_declared_permissions_only():
    known = set(all_permissions())
    assert {code for role in DEFAULT_ROLES for code in role.permissions} <= known


def test_every_declared_event_is_published_somewhere():
    """By its constant or its name, outside of the module that declares it."""
    text = {p: p.read_text() for p in SOURCES}
    silent = []
    for part in {p.parent for p in CODE.glob("*/events.py")}:
        module = import_module(f"shounuo.{part.name}.events")
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and value in registry.kinds():
                pattern = re.compile(rf"\b{name}\b|['\"]{re.escape(value)}['\"]")
                if not any(pattern.search(t) for p, t in text.items() if p != part / "events.py"):
                    silent.append(value)
    assert silent == []


UPWARD = re.compile(r"^shounuo\.\w+\.(views|forms|urls|api)(\.|$)")
LOWER = re.compile(r"/(services|queries|rules|models|engine|loop)(/|\.py$)")


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if LOWER.search(str(p))], ids=lambda p: str(p.relative_to(CODE))
)
def test_writes_and_reads_know_no_pages(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shounuo."):
            names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            assert not any(UPWARD.search(n) for n in names), f"line {node.lineno}: {ast.unparse(node)}"
