from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    name = "shounuo.agreements"
    label = "agreements"

    def ready(self) -> None:
        from shounuo.agreements import events  # noqa: F401  declares its own
        from shounuo.agreements.queries import SUBJECT
        from shounuo.events import subjects

        subjects.register(SUBJECT)
