"""Tasks for helpers: added and given by who plans, done by the helper's own click."""

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import access
from activities.forms.helper_tasks import HelperTaskForm
from activities.models import HelperTask
from activities.services import helper_tasks
from activities.views.pages import done, filled, get_or_post, managed, posted


@get_or_post
def task_add(request, pk):
    activity = managed(request, pk)
    task = HelperTask(activity=activity)
    return _task_page(request, "task_add", task, _("A task for a helper"))


@get_or_post
def task_edit(request, pk):
    task = _managed_task(request, pk)
    return _task_page(request, "task_edit", task, _("Change the task"))


def _task_page(request, page, task, title):
    activity = task.activity
    people = access.expected(activity)
    form = HelperTaskForm(posted(request), instance=task, people=people)
    return filled(
        request,
        page,
        form,
        lambda: helper_tasks.save_task(form.instance, by=request.user),
        _("Saved."),
        activity,
        activity=activity,
        title=title,
        task=task,
    )


@require_POST
def task_done(request, pk):
    """By the helper; who plans may note it for somebody without an account."""
    seen = HelperTask.objects.filter(
        activity__in=access.visible_activities(request.user).values("pk")
    )
    own = Q(pk__in=[])
    if request.user.member_id is not None:
        own = Q(member=request.user.member_id)
    planned = access.managed_activities(request.user).values("pk")
    task = get_object_or_404(seen.filter(own | Q(activity__in=planned)), pk=pk)
    return done(
        request,
        task.activity,
        lambda: helper_tasks.mark_done(task, now=timezone.now()),
        _("Thank you: the task is done."),
    )


@require_POST
def task_remove(request, pk):
    task = _managed_task(request, pk)
    return done(
        request, task.activity, lambda: helper_tasks.take_back(task), _("Saved.")
    )


def _managed_task(request, pk):
    activities = access.managed_activities(request.user)
    tasks = HelperTask.objects.filter(activity__in=activities.values("pk"))
    return get_object_or_404(tasks.select_related("activity__branch"), pk=pk)
