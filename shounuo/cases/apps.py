from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "shounuo.cases"
    label = "cases"

    def ready(self) -> None:
        from shounuo.audit import retention
        from shounuo.cases import approvals, events, metrics  # noqa: F401  declare theirs
        from shounuo.cases.queries.facts import SUBJECT
        from shounuo.cases.queries.grants import who_may_hold
        from shounuo.cases.queries.requests import SUBJECT as REQUEST
        from shounuo.cases.services.helping import help_answered
        from shounuo.cases.services.holder import HOLDER
        from shounuo.cases.services.retention import ATTACHMENTS, CLOSED_CASES
        from shounuo.customers import holders
        from shounuo.duties import registry
        from shounuo.duties.kinds import COLLABORATION
        from shounuo.events import subjects

        subjects.register(SUBJECT)
        subjects.register(REQUEST)
        registry.on_done(COLLABORATION, help_answered)
        registry.may_hold(approvals.APPROVAL, who_may_hold)
        holders.register(HOLDER)
        retention.register(ATTACHMENTS)
        retention.register(CLOSED_CASES)
