from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "shounuo.calendars"
    label = "calendars"
