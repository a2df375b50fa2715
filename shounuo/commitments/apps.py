from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "shounuo.commitments"
    label = "commitments"

    def ready(self) -> None:
        from shounuo.commitments import events  # noqa: F401  declares its kinds
