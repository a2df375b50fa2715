from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "shounuo.audit"
    label = "audit"

    def ready(self) -> None:
        from shounuo.audit import events, retention  # noqa: F401  declares its events
        from shounuo.audit.services.retention import ACCESS_LOG

        retention.register(ACCESS_LOG)
