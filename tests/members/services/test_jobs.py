"""What is done once a day is done once, whoever comes and dies (RL-07)."""

from datetime import UTC, datetime, timedelta

import pytest

from members.models import JobRun
from members.services import jobs
from tests.race import race

NOW = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)  # 01:30 on the 27th in Shanghai


@pytest.mark.django_db
def test_a_job_is_ours_once_a_day():
    ours = []
    for now in (NOW, NOW, NOW + timedelta(hours=22), NOW + timedelta(days=1)):
        with jobs.once_a_day("night", now=now) as mine:
            ours.append(mine)

    assert ours == [True, False, False, True]
    days = [run.on.isoformat() for run in JobRun.objects.order_by("on")]
    assert days == ["2026-11-27", "2026-11-28"]


@pytest.mark.django_db
def test_a_job_that_died_is_done_by_who_comes_next():
    with pytest.raises(ZeroDivisionError), jobs.once_a_day("night", now=NOW):
        1 / 0  # noqa: B018

    with jobs.once_a_day("night", now=NOW) as mine:
        assert mine


@pytest.mark.django_db(transaction=True)
def test_jobs_that_meet_are_done_once():
    def work(_number):
        with jobs.once_a_day("night", now=NOW) as mine:
            return mine

    assert sorted(race(work, range(6))) == [False] * 5 + [True]


@pytest.mark.django_db
def test_jobs_long_past_are_forgotten():
    JobRun.objects.create(task="a", on=NOW.date(), done_at=NOW - timedelta(days=93))
    kept = JobRun.objects.create(task="b", on=NOW.date(), done_at=NOW)

    assert jobs.tidy(now=NOW) == 1
    assert list(JobRun.objects.all()) == [kept]
