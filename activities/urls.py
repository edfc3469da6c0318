from django.urls import path

from activities.views import (
    activities,
    attendances,
    calendar,
    co_hosts,
    duties,
    helper_tasks,
    minutes,
    planning,
    sign_ups,
    steps,
)

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
    # sign-ups
    path("<int:pk>/sign-up/", sign_ups.sign_up, name="sign_up"),
    path("<int:pk>/withdraw/", sign_ups.sign_up_withdraw, name="sign_up_withdraw"),
    path("<int:pk>/leave/", sign_ups.leave_ask, name="leave_ask"),
    path("<int:pk>/leave/back/", sign_ups.leave_take_back, name="leave_take_back"),
    path("<int:pk>/sign-ups/", sign_ups.sign_up_list, name="sign_up_list"),
    path("<int:pk>/sign-ups/add/", sign_ups.sign_up_add, name="sign_up_add"),
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
    path("<int:pk>/door/", attendances.door_code, name="door_code"),
    path("<int:pk>/attend/", attendances.attend, name="attend"),
    path("<int:pk>/minutes/start/", minutes.minutes_start, name="minutes_start"),
    path("<int:pk>/agenda/follow/", minutes.agenda_follow, name="agenda_follow"),
    path("minutes/<int:pk>/", minutes.minutes_detail, name="minutes_detail"),
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
    path("minutes/points/<int:pk>/vote/", minutes.ballot_add, name="ballot_add"),
    path("minutes/votes/<int:pk>/", minutes.ballot_count, name="ballot_count"),
    path("minutes/votes/<int:pk>/remove/", minutes.ballot_remove, name="ballot_remove"),
    path("resolutions/", minutes.resolution_list, name="resolution_list"),
    path("resolutions/<int:pk>/tick/", minutes.resolution_tick, name="resolution_tick"),
    # duties
    path("duties/", duties.open_list, name="open_duties"),
    path("branches/<int:pk>/duties/", duties.branch_duties, name="branch_duties"),
]
