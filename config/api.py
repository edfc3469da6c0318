"""The REST API: version 1, its schema, and a viewer that needs no other host."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from activities.api.activities import ActivityViewSet
from activities.api.appraisals import (
    AppraisalRoundViewSet,
    AppraisalViewSet,
    OwnAppraisalViewSet,
)
from activities.api.attendances import (
    AttendanceView,
    CheckInView,
    CheckOutView,
)
from activities.api.duties import BranchDutiesView
from activities.api.effect import (
    ActivityEffectView,
    BranchEffectView,
    BranchRegisterView,
    OwnLifeView,
)
from activities.api.files import (
    ActivityMaterialsView,
    MaterialViewSet,
    MinutesFilesView,
    MinutesFileViewSet,
    ProgramPhotosView,
)
from activities.api.follow_ups import FollowUpViewSet
from activities.api.life_meetings import LifeView
from activities.api.minutes import MinutesViewSet
from activities.api.program_parts import (
    BranchModulesView,
    IndicatorViewSet,
    MilestoneViewSet,
    ProgramItemViewSet,
    ProgramPhotoViewSet,
)
from activities.api.programs import ProgramViewSet
from activities.api.resolutions import ResolutionViewSet
from activities.api.sign_ups import SeatsView, SeatTakeView, SignUpViewSet
from activities.api.talks import TalkViewSet
from activities.api.ticks import TicksView
from activities.api.voting import BallotViewSet, ElectionViewSet
from config import schema as schema
from config.bodies import BoundedFormParser, BoundedJSONParser
from config.throttles import AccountThrottle, AddressThrottle, UploadThrottle
from members.api.account import CodeTableView, MeView
from members.api.appointments import AppointmentViewSet
from members.api.audit import AuditEntryViewSet
from members.api.branches import BranchViewSet
from members.api.corrections import CorrectionViewSet
from members.api.interests import OwnInterestsView
from members.api.members import MemberViewSet
from members.api.own_data import OwnDataView, OwnKindView

router = SimpleRouter(use_regex_path=False)
router.register("branches", BranchViewSet, "branch")
router.register("members", MemberViewSet, "member")
router.register("appointments", AppointmentViewSet, "appointment")
router.register("audit", AuditEntryViewSet, "audit")
router.register("corrections", CorrectionViewSet, "correction")
router.register("activities", ActivityViewSet, "activity")
router.register("programs", ProgramViewSet, "program")
router.register("program-indicators", IndicatorViewSet, "program_indicator")
router.register("program-milestones", MilestoneViewSet, "program_milestone")
router.register("program-items", ProgramItemViewSet, "program_item")
router.register("program-photos", ProgramPhotoViewSet, "program_photo")
router.register("activity-materials", MaterialViewSet, "material")
router.register("minutes", MinutesViewSet, "minutes")
router.register("minutes-files", MinutesFileViewSet, "minutes_file")
router.register("ballots", BallotViewSet, "ballot")
router.register("elections", ElectionViewSet, "election")
router.register("resolutions", ResolutionViewSet, "resolution")
router.register("sign-ups", SignUpViewSet, "sign_up")
router.register("appraisals", AppraisalRoundViewSet, "appraisal_round")
router.register("appraisal-members", AppraisalViewSet, "appraisal")
router.register("me/appraisals", OwnAppraisalViewSet, "own_appraisal")
router.register("follow-ups", FollowUpViewSet, "follow_up")
router.register("talks", TalkViewSet, "talk")

# The routes that take a file; all others take JSON alone (IN-11).
takes_file = {
    "parser_classes": [BoundedFormParser],
    "throttle_classes": [AddressThrottle, AccountThrottle, UploadThrottle],
}
takes_file_or_link = takes_file | {
    "parser_classes": [BoundedFormParser, BoundedJSONParser]
}

version_1 = [
    *router.urls,
    path(
        "activities/<int:pk>/materials/",
        ActivityMaterialsView.as_view(**takes_file_or_link),
        name="activity-materials",
    ),
    path(
        "minutes/<int:pk>/files/",
        MinutesFilesView.as_view(**takes_file),
        name="minutes-files",
    ),
    path("minutes/<int:pk>/life/", LifeView.as_view(), name="minutes-life"),
    path(
        "programs/<int:pk>/photos/",
        ProgramPhotosView.as_view(**takes_file),
        name="program-photos",
    ),
    path("activities/<int:pk>/sign-up/", SeatsView.as_view(), name="activity-sign-up"),
    path(
        "activities/<int:pk>/sign-up/take/",
        SeatTakeView.as_view(),
        name="activity-take-seat",
    ),
    path(
        "branches/<int:pk>/duties/",
        BranchDutiesView.as_view(),
        name="branch-duties",
    ),
    path(
        "activities/<int:pk>/effect/",
        ActivityEffectView.as_view(),
        name="activity-effect",
    ),
    path(
        "branches/<int:pk>/effect/",
        BranchEffectView.as_view(),
        name="branch-effect",
    ),
    path(
        "branches/<int:pk>/register/",
        BranchRegisterView.as_view(),
        name="branch-register",
    ),
    path(
        "branches/<int:pk>/modules/",
        BranchModulesView.as_view(),
        name="branch-modules",
    ),
    path(
        "activities/<int:pk>/attendance/",
        AttendanceView.as_view(),
        name="activity-attendance",
    ),
    path(
        "activities/<int:pk>/check-in/", CheckInView.as_view(), name="activity-check-in"
    ),
    path(
        "activities/<int:pk>/check-out/",
        CheckOutView.as_view(),
        name="activity-check-out",
    ),
    path("activities/<int:pk>/ticks/", TicksView.as_view(), name="activity-ticks"),
    path("me/life/", OwnLifeView.as_view(), name="me-life"),
    path("codes/<slug:table>/", CodeTableView.as_view(), name="codes"),
    path("me/", MeView.as_view(), name="me"),
    path("me/interests/", OwnInterestsView.as_view(), name="me-interests"),
    path("me/data/", OwnDataView.as_view(), name="me-data"),
    path("me/data/<slug:kind>/", OwnKindView.as_view(), name="me-kind"),
]

viewer = SpectacularSwaggerSplitView.as_view(
    url_name="api-schema", template_name="api_docs.html"
)

urlpatterns = [
    path("v1/", include((version_1, "api-v1"))),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", login_required(viewer), name="api-docs"),
]
