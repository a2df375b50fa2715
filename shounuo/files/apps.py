from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "shounuo.files"
    label = "files"
