from django.apps import AppConfig


class ImprovementConfig(AppConfig):
    name = "shounuo.improvement"
    label = "improvement"

    def ready(self) -> None:
        from shounuo.duties import registry
        from shounuo.events import subjects
        from shounuo.improvement import events, kinds, metrics  # noqa: F401  declare theirs
        from shounuo.improvement.queries.subjects import FINDING, INSPECTION, MATURITY
        from shounuo.improvement.services import follow_up_done

        subjects.register(INSPECTION)
        subjects.register(FINDING)
        subjects.register(MATURITY)
        registry.on_done(kinds.CORRECTIVE, follow_up_done)
