from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = _("Organizational life")

    def ready(self):
        from activities import (  # noqa: PLC0415  once the models are there
            access,  # noqa: F401  its records are reached
            access_appraisal,  # noqa: F401
            access_effect,  # noqa: F401
            access_materials,  # noqa: F401
            access_minutes,  # noqa: F401
            access_programs,  # noqa: F401
            branch_links,  # noqa: F401
            own_data,  # noqa: F401  and told of to whom they are about
            receivers,  # noqa: F401
        )
