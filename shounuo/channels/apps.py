from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "shounuo.channels"
    label = "channels"

    def ready(self) -> None:
        from shounuo.channels import events  # noqa: F401  declares its kinds
        from shounuo.channels.subjects import SUBJECTS
        from shounuo.events import subjects

        for subject in SUBJECTS:
            subjects.register(subject)
