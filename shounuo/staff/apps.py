from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "shounuo.staff"
    label = "staff"
