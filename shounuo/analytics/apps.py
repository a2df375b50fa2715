from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "shounuo.analytics"
    label = "analytics"

    def ready(self) -> None:
        from shounuo.analytics import permissions  # noqa: F401  declares its own
