from django import forms
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = _("Members and branches")

    def ready(self):
        from members import checks, receivers  # noqa: F401, PLC0415
        from members.text import refuse_hidden  # noqa: PLC0415

        # In every form, those of the administration and of packages included.
        forms.CharField.default_validators = [refuse_hidden]
