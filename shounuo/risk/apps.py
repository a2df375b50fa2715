from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "shounuo.risk"
    label = "risk"

    def ready(self) -> None:
        from shounuo.events import subjects
        from shounuo.risk import events, telling  # noqa: F401  declare theirs
        from shounuo.risk.queries import SUBJECT, TARGET

        subjects.register(SUBJECT)
        subjects.register(TARGET)
