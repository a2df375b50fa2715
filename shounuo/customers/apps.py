from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "shounuo.customers"
    label = "customers"
