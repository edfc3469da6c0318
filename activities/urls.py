from django.urls import path

from activities.models import Indicator, Milestone, ProgramItem, Reading
from activities.views import (
    activities,
    appraisal_rounds,
    appraisals,
    attendances,
    audience,
    calendar,
    check_in,
    co_hosts,
    duties,
    effect,
    follow_ups,
    helper_tasks,
    kind_change,
    materials,
    minutes,
    minutes_parts,
    own_appraisals,
    planning,
    program_parts,
    programs,
    questions,
    resolutions,
    sign_ups,
    steps,
    talks,
    votes,
)


def part(prefix, model, *, add=True):
    """The pages of a part of a program: added, edited, removed."""
    of, given = f"program_{prefix}", {"model": model}
    one = f"programs/{prefix}s/<int:pk>"
    routes = [
        path(f"{one}/edit/", program_parts.part_edit, given, name=f"{of}_edit"),
        path(f"{one}/remove/", program_parts.part_remove, given, name=f"{of}_remove"),
    ]
    if add:
        address = f"programs/<int:pk>/{prefix}s/add/"
        routes.append(path(address, program_parts.part_add, given, name=f"{of}_add"))
    return routes


def of_round(name, view):
    """A step of a round of appraisal."""
    return path(f"appraisals/<int:pk>/{name}/", view, name=view.__name__)


def of_person(name, view):
    """What is done about one member of a round."""
    return path(f"appraisals/people/<int:pk>/{name}", view, name=view.__name__)


def of_own(name, view):
    return path(f"appraisals/own/<int:pk>/{name}", view, name=view.__name__)


app_name = "activities"
urlpatterns = [
    # planning
    path("", activities.activity_list, name="activity_list"),
    path("add/", planning.activity_add, name="activity_add"),
    path("calendar/", calendar.calendar_address, name="calendar_address"),
    path("calendar/revoke/", calendar.calendar_revoke, name="calendar_revoke"),
    path("calendar.ics", calendar.calendar_feed, name="calendar_feed"),
    path("<int:pk>/", activities.activity_detail, name="activity_detail"),
    path("<int:pk>/edit/", planning.activity_edit, name="activity_edit"),
    path("<int:pk>/audience/", audience.activity_audience, name="activity_audience"),
    path("<int:pk>/kind/", kind_change.activity_kind, name="activity_kind"),
    path("<int:pk>/agenda/", planning.activity_agenda, name="activity_agenda"),
    path("<int:pk>/copy/", planning.activity_copy, name="activity_copy"),
    path("<int:pk>/repeat/", planning.activity_repeat, name="activity_repeat"),
    path("<int:pk>/announce/", steps.activity_announce, name="activity_announce"),
    path("<int:pk>/cancel/", steps.activity_cancel, name="activity_cancel"),
    path("<int:pk>/held/", steps.activity_held, name="activity_held"),
    path("<int:pk>/hosts/", co_hosts.co_host_list, name="co_host_list"),
    path("<int:pk>/hosts/remove/", co_hosts.co_host_remove, name="co_host_remove"),
    path("<int:pk>/tasks/add/", helper_tasks.task_add, name="task_add"),
    path("tasks/<int:pk>/edit/", helper_tasks.task_edit, name="task_edit"),
    path("tasks/<int:pk>/done/", helper_tasks.task_done, name="task_done"),
    path("tasks/<int:pk>/remove/", helper_tasks.task_remove, name="task_remove"),
    path("<int:pk>/materials/add/", materials.material_add, name="material_add"),
    path("materials/<int:pk>/", materials.material_file, name="material_file"),
    path(
        "materials/<int:pk>/remove/", materials.material_remove, name="material_remove"
    ),
    # sign-ups
    path("<int:pk>/sign-up/", sign_ups.sign_up, name="sign_up"),
    path("<int:pk>/withdraw/", sign_ups.sign_up_withdraw, name="sign_up_withdraw"),
    path("<int:pk>/take-seat/", sign_ups.seat_take, name="seat_take"),
    path("<int:pk>/leave/", sign_ups.leave_ask, name="leave_ask"),
    path("<int:pk>/leave/back/", sign_ups.leave_take_back, name="leave_take_back"),
    path("<int:pk>/sign-ups/", sign_ups.sign_up_list, name="sign_up_list"),
    path("<int:pk>/sign-ups/add/", sign_ups.sign_up_add, name="sign_up_add"),
    path("sign-ups/<int:pk>/edit/", sign_ups.sign_up_edit, name="sign_up_edit"),
    path(
        "<int:pk>/questions/", questions.activity_questions, name="activity_questions"
    ),
    path("sign-ups/<int:pk>/end/", sign_ups.sign_up_remove, name="sign_up_remove"),
    # minutes
    path(
        "<int:pk>/attendance/", attendances.attendance_record, name="attendance_record"
    ),
    path(
        "<int:pk>/attendance/file/",
        attendances.attendance_file,
        name="attendance_file",
    ),
    path("check-in/<int:pk>/", check_in.check_in, name="check_in"),
    path("check-in/worker.js", check_in.check_in_worker, name="check_in_worker"),
    path("<int:pk>/door/", attendances.door_code, name="door_code"),
    path("<int:pk>/attend/", attendances.attend, name="attend"),
    path("<int:pk>/minutes/start/", minutes.minutes_start, name="minutes_start"),
    path("<int:pk>/agenda/follow/", resolutions.agenda_follow, name="agenda_follow"),
    path("minutes/<int:pk>/", minutes.minutes_detail, name="minutes_detail"),
    path(
        "minutes/<int:pk>/files/add/", minutes_parts.file_add, name="minutes_file_add"
    ),
    path(
        "minutes/files/<int:pk>/",
        minutes_parts.minutes_attachment,
        name="minutes_attachment",
    ),
    path(
        "minutes/files/<int:pk>/remove/",
        minutes_parts.file_remove,
        name="minutes_file_remove",
    ),
    path("points/<int:pk>/election/", votes.election_add, name="election_add"),
    path("elections/<int:pk>/count/", votes.election_count, name="election_count"),
    path("elections/<int:pk>/fewer/", votes.election_fewer, name="election_fewer"),
    path(
        "elections/<int:pk>/remove/",
        votes.election_remove,
        name="election_remove",
    ),
    path("minutes/<int:pk>/life/", minutes_parts.life_edit, name="life_edit"),
    path("minutes/<int:pk>/edit/", minutes.minutes_edit, name="minutes_edit"),
    path("minutes/<int:pk>/file/", minutes.minutes_file, name="minutes_file"),
    path("minutes/<int:pk>/sign/", minutes.minutes_sign, name="minutes_sign"),
    path(
        "minutes/<int:pk>/take-back/",
        minutes.minutes_take_back,
        name="minutes_take_back",
    ),
    path("minutes/<int:pk>/correct/", minutes.minutes_correct, name="minutes_correct"),
    path("minutes/<int:pk>/object/", minutes.minutes_object, name="minutes_object"),
    path("minutes/points/<int:pk>/vote/", votes.ballot_add, name="ballot_add"),
    path("minutes/votes/<int:pk>/", votes.ballot_count, name="ballot_count"),
    path("minutes/votes/<int:pk>/remove/", votes.ballot_remove, name="ballot_remove"),
    path("resolutions/", resolutions.resolution_list, name="resolution_list"),
    path(
        "resolutions/<int:pk>/tick/",
        resolutions.resolution_tick,
        name="resolution_tick",
    ),
    path("<int:pk>/check-out/", attendances.check_out, name="check_out"),
    # effect
    path("mine/", effect.my_life, name="my_life"),
    path("<int:pk>/effect/", effect.effect_edit, name="effect_edit"),
    path("<int:pk>/survey/", effect.survey, name="survey"),
    path("branches/<int:pk>/effect/", effect.branch_effect, name="branch_effect"),
    path("branches/<int:pk>/register/", effect.branch_register, name="branch_register"),
    path(
        "branches/<int:pk>/register/file/", effect.register_file, name="register_file"
    ),
    # duties
    path("duties/", duties.open_list, name="open_duties"),
    path("branches/<int:pk>/duties/", duties.branch_duties, name="branch_duties"),
    # programs
    path("programs/", programs.program_list, name="program_list"),
    path("programs/add/", programs.program_add, name="program_add"),
    path("programs/<int:pk>/", programs.program_detail, name="program_detail"),
    path("programs/<int:pk>/edit/", programs.program_edit, name="program_edit"),
    path("programs/<int:pk>/start/", programs.program_start, name="program_start"),
    path("programs/<int:pk>/finish/", programs.program_finish, name="program_finish"),
    path("programs/<int:pk>/stop/", programs.program_stop, name="program_stop"),
    path("programs/<int:pk>/link/", programs.program_link, name="program_link"),
    path("programs/<int:pk>/unlink/", programs.program_unlink, name="program_unlink"),
    path(
        "programs/<int:pk>/step/",
        program_parts.step_record,
        name="program_step",
    ),
    path(
        "programs/<int:pk>/step/back/",
        program_parts.step_take_back,
        name="program_step_back",
    ),
    *part("indicator", Indicator),
    *part("milestone", Milestone),
    *part("item", ProgramItem),
    *part("reading", Reading, add=False),
    path(
        "programs/indicators/<int:pk>/read/",
        program_parts.reading_add,
        name="program_reading_add",
    ),
    path(
        "programs/<int:pk>/photos/add/",
        program_parts.photo_add,
        name="program_photo_add",
    ),
    path("programs/photos/<int:pk>/", program_parts.photo, name="program_photo"),
    path(
        "programs/photos/<int:pk>/remove/",
        program_parts.photo_remove,
        name="program_photo_remove",
    ),
    path("branches/<int:pk>/modules/", programs.branch_modules, name="branch_modules"),
    # appraisals
    path("appraisals/", own_appraisals.appraisal_home, name="appraisal_home"),
    of_own("", own_appraisals.own_appraisal),
    of_own("self/", own_appraisals.own_self),
    of_own("opinions/", own_appraisals.own_opinions),
    path(
        "appraisals/own/opinions/<int:pk>/",
        own_appraisals.own_opinion,
        name="own_opinion",
    ),
    of_own("vote/", own_appraisals.own_vote),
    of_own("read/", own_appraisals.own_read),
    path(
        "branches/<int:pk>/appraisals/",
        appraisal_rounds.branch_appraisals,
        name="branch_appraisals",
    ),
    path(
        "appraisals/<int:pk>/", appraisal_rounds.appraisal_round, name="appraisal_round"
    ),
    of_round("mutual", appraisal_rounds.appraisal_mutual),
    of_round("poll", appraisal_rounds.appraisal_poll),
    of_round("papers", appraisal_rounds.appraisal_papers),
    of_round("close", appraisal_rounds.appraisal_close),
    of_round("tell", appraisal_rounds.appraisal_feed_back),
    of_round("finish", appraisal_rounds.appraisal_finish),
    of_person("", appraisals.appraisal_detail),
    of_person("copy/", appraisals.appraisal_copy),
    of_person("decide/", appraisals.appraisal_decide),
    of_person("exempt/", appraisals.appraisal_exempt),
    of_person("exempt/back/", appraisals.appraisal_exempt_back),
    of_person("told/", appraisals.appraisal_told),
    of_person("follow-ups/add/", follow_ups.follow_up_add),
    path(
        "appraisals/follow-ups/<int:pk>/",
        follow_ups.follow_up_end,
        name="follow_up_end",
    ),
    path(
        "appraisals/follow-ups/<int:pk>/change/",
        follow_ups.follow_up_change,
        name="follow_up_change",
    ),
    # talks
    path("branches/<int:pk>/talks/", talks.branch_talks, name="branch_talks"),
    path("branches/<int:pk>/talks/add/", talks.branch_talk_add, name="branch_talk_add"),
    path("talks/add/", talks.talk_add, name="talk_add"),
    path("talks/<int:pk>/", talks.talk_detail, name="talk_detail"),
]
