from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "shounuo.analytics"
    label = "analytics"

    def ready(self) -> None:
        from shounuo.analytics import events, permissions  # noqa: F401  declare theirs
        from shounuo.analytics.queries import made, own
        from shounuo.events import subjects

        subjects.register(own.SUBJECT)
        subjects.register(made.SUBJECT)
