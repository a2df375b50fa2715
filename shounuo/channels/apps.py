from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "shounuo.channels"
    label = "channels"
