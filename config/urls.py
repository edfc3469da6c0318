"""Root URLs: each app's own below its name."""

from django.contrib import admin
from django.urls import include, path

from config import views

handler400 = "config.problems.bad_request"
handler404 = "config.problems.page_not_found"
handler500 = "config.problems.server_error"

urlpatterns = [
    path("", include("analytics.urls")),
    path("members/", include("members.urls")),
    path("activities/", include("activities.urls")),
    path("api/", include("config.api")),
    path("admin/", admin.site.urls),
    path("language/", views.set_language, name="set_language"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
