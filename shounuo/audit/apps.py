from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "shounuo.audit"
    label = "audit"
