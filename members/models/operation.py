"""What the portal notes about its own running: alarms, and the jobs of a day."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.grades import graded


class Alarm(models.Model):
    """Something an administrator must look at, once for each kind and span of time.

    `since` is where the span begins: however often it happens, there is one row, one line
    in each inbox and one message (AU-06). `about` names places in the portal ("table.column
    row"), counts and folders; never what a record holds.
    """

    class Kind(models.TextChoices):
        LOCK_OUTS = "lock_outs", _("Many accounts were locked out")
        BROKEN_CHAIN = "broken_chain", _("The audit log does not hold together")
        BROKEN_SEAL = "broken_seal", _("A sealed field is damaged")
        STUCK_TASKS = "stuck_tasks", _("Tasks of the outbox were given up")
        DEAD_WORKER = "dead_worker", _("No worker is alive: nothing is carried out")
        FULL_DISK = "full_disk", _("A disk is nearly full")
        INFECTED_UPLOAD = "infected_upload", _("An upload is harmful and is held")

    GRADES = graded(G1="id", G2="kind since times last_at about")

    kind = models.CharField(_("kind"), max_length=30, choices=Kind.choices)
    since = models.DateTimeField(_("since"))
    times = models.PositiveIntegerField(_("times"), default=1)
    last_at = models.DateTimeField(_("last time"))
    about = models.CharField(_("about"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ("-since", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "since"], name="members_alarm_once_in_a_span"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class JobRun(models.Model):
    """A periodic job that was done on a day. The row is written in the transaction of the
    work, so that two schedulers, or a task that comes twice, do it once (RL-07)."""

    GRADES = graded(G1="id", G2="task on done_at")

    task = models.CharField(_("task"), max_length=100)
    on = models.DateField(_("day"))
    done_at = models.DateTimeField(_("done at"), default=timezone.now)

    class Meta:
        verbose_name = _("job of a day")
        verbose_name_plural = _("jobs of a day")
        ordering = ("-on", "task")
        constraints = [
            models.UniqueConstraint(
                fields=["task", "on"], name="members_jobrun_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.on:%Y-%m-%d}"
