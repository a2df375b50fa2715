from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "shounuo.events"
    label = "events"
