from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "shounuo.web"
    label = "web"

    def ready(self) -> None:
        from shounuo.web import wiring

        wiring.wire()
