from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "shounuo.customers"
    label = "customers"

    def ready(self) -> None:
        from shounuo.customers import events, metrics  # noqa: F401  declare theirs
        from shounuo.customers.subjects import SUBJECTS
        from shounuo.events import subjects

        for subject in SUBJECTS:
            subjects.register(subject)
