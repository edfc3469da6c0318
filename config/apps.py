from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "config"
    verbose_name = "Portal"


class PortalAdminConfig(AdminConfig):
    default_site = "config.admin_site.PortalAdminSite"
