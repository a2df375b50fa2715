from django.apps import AppConfig


class ProcessConfig(AppConfig):
    name = "shounuo.process"
    label = "process"

    def ready(self) -> None:
        from shounuo.events import subjects
        from shounuo.process import events, kinds, permissions  # noqa: F401  declare theirs
        from shounuo.process.queries import SUBJECT

        subjects.register(SUBJECT)
