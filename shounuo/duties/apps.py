from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "shounuo.duties"
    label = "duties"

    def ready(self) -> None:
        from shounuo.duties import events, kinds  # noqa: F401  declare theirs
        from shounuo.duties.subjects import SUBJECT
        from shounuo.events import subjects

        subjects.register(SUBJECT)
