"""Tasks for helpers: added and given by who plans, done by the helper's own click."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import access
from activities.forms.helper_tasks import HelperTaskForm
from activities.models import HelperTask
from activities.services import helper_tasks
from activities.views.pages import form_page, get_or_post, managed, posted
from members.forms.refusals import add_refusal


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
    if form.is_bound and form.is_valid():
        try:
            helper_tasks.save_task(form.instance, by=request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(activity)
    return form_page(request, page, activity, form, title, task=task)


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
    try:
        helper_tasks.mark_done(task, now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("Thank you: the task is done."))
    return redirect(task.activity)


@require_POST
def task_remove(request, pk):
    task = _managed_task(request, pk)
    try:
        helper_tasks.take_back(task)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("Saved."))
    return redirect(task.activity)


def _managed_task(request, pk):
    activities = access.managed_activities(request.user)
    tasks = HelperTask.objects.filter(activity__in=activities.values("pk"))
    return get_object_or_404(tasks.select_related("activity__branch"), pk=pk)
