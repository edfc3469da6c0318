"""Root URLs: each app's own below its name."""

from django.contrib import admin
from django.urls import include, path

from config import views

urlpatterns = [
    path("", include("analytics.urls")),
    path("members/", include("members.urls")),
    path("admin/", admin.site.urls),
    path("language/", views.set_language, name="set_language"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
