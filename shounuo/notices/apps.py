from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "shounuo.notices"
    label = "notices"
