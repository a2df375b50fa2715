from django.urls import path

from shounuo.web.board import views

urlpatterns = [
    path("", views.board, name="board"),
    path("nudge/<int:number>/", views.nudge, name="nudge"),
]
