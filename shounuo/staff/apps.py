from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StaffConfig(AppConfig):
    name = "shounuo.staff"
    label = "staff"

    def ready(self) -> None:
        from shounuo.events import subjects
        from shounuo.staff import events  # noqa: F401  declares its kinds
        from shounuo.staff.subjects import SUBJECTS

        autodiscover_modules("permissions")
        for subject in SUBJECTS:
            subjects.register(subject)
