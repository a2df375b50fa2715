from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "shounuo.notices"
    label = "notices"

    def ready(self) -> None:
        from shounuo.events import subjects
        from shounuo.notices import events  # noqa: F401  declares its kinds
        from shounuo.notices.subjects import SUBJECTS

        for subject in SUBJECTS:
            subjects.register(subject)
