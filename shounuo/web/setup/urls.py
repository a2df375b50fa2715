from django.urls import path

from shounuo.web.setup import views

urlpatterns = [path("", views.page, name="setup")]
