from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "shounuo.commitments"
    label = "commitments"

    def ready(self) -> None:
        from shounuo.commitments import cadences, events, metrics  # noqa: F401  declare theirs
        from shounuo.commitments.queries import clocks_now, kept_of_clauses
        from shounuo.policy.queries import register_kept

        register_kept(kept_of_clauses, clocks_now)
