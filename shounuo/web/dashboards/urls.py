"""Addresses of the dashboards, under /dashboards/."""

from django.urls import path

from shounuo.web.dashboards import boards, views

urlpatterns = [
    path("", views.overview, name="dashboards"),
    path("live/", views.live, name="dashboard-live"),
    path("rest/", views.rest, name="dashboard-rest"),
    path("export/<slug:part>/", views.export, name="dashboard-export"),
    path("boards/", boards.make, name="own-board-make"),
    path("<int:board_id>/", boards.one, name="own-board"),
    path("<int:board_id>/wall/", boards.wall, name="own-board-wall"),
    path("<int:board_id>/edit/", boards.edit, name="own-board-edit"),
    path("<int:board_id>/change/", boards.change, name="own-board-change"),
    path("<int:board_id>/delete/", boards.delete, name="own-board-delete"),
    path("<int:board_id>/restore/", boards.restore, name="own-board-restore"),
    path("<int:board_id>/export/<int:tile_id>/", boards.export, name="own-board-export"),
]
