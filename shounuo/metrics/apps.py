from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "shounuo.metrics"
    label = "metrics"

    def ready(self) -> None:
        from shounuo.metrics import foreseen, ground, permissions  # noqa: F401  declare theirs
