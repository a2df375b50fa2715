from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "shounuo.cases"
    label = "cases"
