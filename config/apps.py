from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig

from config.checks import refuse_weak


class PortalConfig(AppConfig):
    name = "config"
    verbose_name = "Portal"

    def ready(self):
        refuse_weak(settings)


class PortalAdminConfig(AdminConfig):
    default_site = "config.admin_site.PortalAdminSite"
