from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "shounuo.analytics"
    label = "analytics"

    def ready(self) -> None:
        from shounuo.analytics import events, permissions  # noqa: F401  declare theirs
        from shounuo.analytics.queries.reports import SUBJECT
        from shounuo.events import subjects

        subjects.register(SUBJECT)
