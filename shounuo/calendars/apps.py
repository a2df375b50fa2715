from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "shounuo.calendars"
    label = "calendars"

    def ready(self) -> None:
        from shounuo.calendars import events  # noqa: F401  declares its kind
        from shounuo.calendars.subjects import SUBJECT
        from shounuo.events import subjects

        subjects.register(SUBJECT)
