from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "shounuo.channels"
    label = "channels"

    def ready(self) -> None:
        from shounuo.audit import retention
        from shounuo.channels import events, metrics  # noqa: F401  declare theirs
        from shounuo.channels.services.keeping import HOLDER, RAW_MAIL
        from shounuo.channels.subjects import SUBJECTS
        from shounuo.customers import holders
        from shounuo.events import subjects

        holders.register(HOLDER)
        retention.register(RAW_MAIL)

        for subject in SUBJECTS:
            subjects.register(subject)
