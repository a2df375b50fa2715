from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "shounuo.policy"
    label = "policy"

    def ready(self) -> None:
        from shounuo.events import subjects
        from shounuo.policy import events  # noqa: F401  declares its kinds
        from shounuo.policy.subjects import DOCUMENT, SUBJECT

        subjects.register(SUBJECT)
        subjects.register(DOCUMENT)
