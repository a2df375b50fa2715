from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "shounuo.commitments"
    label = "commitments"
