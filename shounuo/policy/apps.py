from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "shounuo.policy"
    label = "policy"
