from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "shounuo.policy"
    label = "policy"

    def ready(self) -> None:
        from shounuo.duties import registry
        from shounuo.events import subjects
        from shounuo.policy import approvals, events  # noqa: F401  declare theirs
        from shounuo.policy.services.review import who_may_hold
        from shounuo.policy.subjects import DOCUMENT, SUBJECT

        subjects.register(SUBJECT)
        subjects.register(DOCUMENT)
        registry.may_hold(approvals.APPROVAL, who_may_hold)
