"""Questions of the host at sign-up: asked, answered, changed, wiped; and that answering
takes no statement more while the seats are locked (RL-01)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Activity, SignUp
from activities.services import activities, questions, series, sign_ups
from members.models import AuditEntry
from members.services import own_data
from tests import build
from tests.activities.test_sign_up_pages import HTMX, address, client_of, text_of
from tests.race import codes

pytestmark = pytest.mark.django_db
MEAL = {"text": "是否用餐？", "kind": "yes_no", "is_required": True}
BUS = {"text": "在哪里上车？", "kind": "choice", "options": ["镇政府", "村口"]}
VEST = {"text": "马甲尺码", "kind": "text"}


def refusal(call, *args, **options):
    with pytest.raises(ValidationError) as raised:
        call(*args, **options)
    return codes(raised.value)


def asking(*rows, **fields):
    activity = build.activity("义务植树", **{"seats": 2} | fields)
    questions.set_questions(activity, rows or (MEAL, BUS, VEST))
    return Activity.objects.get(pk=activity.pk)


def ask(member, activity, answers=None, **options):
    options = {"by": None, "now": timezone.now()} | options
    return sign_ups.sign_up(member, activity, answers=answers, **options)


def numbers(activity):
    return list(activity.questions.values_list("pk", flat=True))


# --- the host asks ----------------------------------------------------------------------
def test_a_host_asks_a_few_things_and_changes_them():
    activity = asking()
    first, second, _third = activity.questions.all()

    questions.set_questions(
        activity, [{"id": second.pk, **BUS, "text": "上车点"}, {"id": first.pk, **MEAL}]
    )

    stands = list(activity.questions.values_list("pk", "text", "position"))
    assert stands == [(second.pk, "上车点", 1), (first.pk, "是否用餐？", 2)]


def test_what_questions_are_refused_for():
    plain = build.activity()
    asks = build.activity(seats=1)
    held = build.activity(seats=1, state="held")

    def refused(rows, activity=asks):
        return refusal(questions.set_questions, activity, rows)

    assert refused([MEAL], plain) == {"no_sign_up"}
    assert refused([MEAL], held) == {"over"}
    assert refused([MEAL] * 6) == {"too_many"}
    for options in ([], ["只有一个"], ["同样"] * 2, [str(n) for n in range(9)]):
        assert refused([BUS | {"options": options}]) == {"options"}
    assert refused([MEAL | {"text": "长" * 81}]) == {"max_length"}
    assert not asks.questions.exists()


def test_what_was_answered_stays_as_it_was_asked():
    activity = asking()
    meal, bus, _vest = numbers(activity)
    ask(build.member(branch=activity.branch), activity, {meal: "yes"})
    kept, rest = MEAL | {"id": meal}, BUS | {"id": bus}

    def refused(*rows):
        return refusal(questions.set_questions, activity, rows)

    assert refused(kept | {"text": "住宿？"}, rest) == {"answered"}
    assert refused(rest) == {"answered"}
    questions.set_questions(activity, [kept | {"is_required": False}, VEST])

    assert list(activity.questions.values_list("text", flat=True)) == [
        "是否用餐？",
        "马甲尺码",
    ]


def test_a_copy_asks_the_same_and_answers_nothing():
    activity = asking()
    ask(build.member(branch=activity.branch), activity, {numbers(activity)[0]: "no"})
    starts_at = activity.starts_at + timedelta(days=30)

    copied = series.copy(activity, starts_at=starts_at, by=None)

    asked = ("text", "kind", "options", "is_required", "position")
    assert list(copied.questions.values(*asked)) == list(
        activity.questions.values(*asked)
    )
    assert not copied.sign_ups.exists()


# --- members answer ---------------------------------------------------------------------
def test_answers_stand_beside_the_words_of_the_question():
    activity = asking()
    meal, bus, vest = numbers(activity)

    made = ask(
        build.member(branch=activity.branch),
        activity,
        {meal: "yes", bus: "村口", vest: " ", 999: "x"},
    )

    made.refresh_from_db()
    assert made.answers == [
        {"question": meal, "asked": "是否用餐？", "answer": "yes"},
        {"question": bus, "asked": "在哪里上车？", "answer": "村口"},
    ]


def test_each_refusal_of_an_answer_writes_nothing():
    activity = asking()
    meal, bus, vest = numbers(activity)
    member = build.member(branch=activity.branch)

    def refused(answers):
        return refusal(ask, member, activity, answers)

    assert refused(None) == {"required"}
    assert refused({meal: "maybe"}) == {"unknown"}
    assert refused({meal: "no", bus: "别处"}) == {"unknown"}
    assert refused({meal: "no", vest: "大" * 101}) == {"max_length"}
    assert not SignUp.objects.exists()


def test_a_question_added_since_the_page_was_opened_is_asked():
    activity = build.activity(seats=2)
    seen = Activity.objects.get(pk=activity.pk)
    questions.set_questions(activity, [MEAL])

    assert refusal(ask, build.member(branch=activity.branch), seen) == {"required"}


def test_answering_takes_no_statement_more_while_the_seats_are_locked():  # RL-01
    counts = set()
    for activity in (build.activity(seats=2), asking()):
        answers = dict.fromkeys(numbers(activity)[:1], "yes")
        member = build.member(branch=activity.branch)
        with CaptureQueriesContext(connection) as queries:
            ask(member, activity, answers)
        asked = [query["sql"] for query in queries]
        (lock,) = [n for n, sql in enumerate(asked) if "FOR NO KEY UPDATE" in sql]
        counts.add(len(asked[lock:]))

    assert len(counts) == 1


def test_who_waits_keeps_the_place_when_the_answers_change():
    activity = asking(seats=1)
    meal = numbers(activity)[0]
    for _each in range(2):
        ask(build.member(branch=activity.branch), activity, {meal: "no"})
    own = ask(build.member(branch=activity.branch), activity, {meal: "no"})
    ask(build.member(branch=activity.branch), activity, {meal: "no"})

    changed = sign_ups.change(
        own, note=" 素食 ", answers={meal: "yes"}, by=None, now=timezone.now()
    )

    assert (changed.place, sign_ups.waiting_place(changed)) == (own.place, 2)
    own.refresh_from_db()
    assert (own.note, questions.given_by(own)) == ("素食", {meal: "yes"})


def test_each_refusal_of_a_change():
    now = timezone.now()
    activity = asking(sign_up_ends_at=now + timedelta(days=1))
    meal = numbers(activity)[0]
    own = ask(build.member(branch=activity.branch), activity, {meal: "no"})

    def refused(**given):
        given = {"note": "", "answers": {meal: "no"}, "by": None, "now": now} | given
        return refusal(sign_ups.change, own, **given)

    assert refused(answers={}) == {"required"}
    assert refused(note="长" * 201) == {"max_length"}
    assert refused(now=activity.sign_up_ends_at) == {"closed"}
    sign_ups.withdraw(own, by=None, now=now)
    assert refused() == {"withdrawn"}


def test_who_changes_it_for_another_is_written_down_and_the_other_is_told():
    activity = asking()
    meal = numbers(activity)[0]
    user = build.user(member=build.member(branch=activity.branch))
    helper = build.secretary(of=activity.branch)
    own = ask(user.member, activity, {meal: "no"})
    now = timezone.now()

    sign_ups.change(own, note="", answers={meal: "yes"}, by=user, now=now)
    assert not user.notifications.exists()
    sign_ups.change(own, note="", answers={meal: "no"}, by=helper, now=now)

    assert user.notifications.get().kind == "sign_up_changed_by"
    entry = AuditEntry.objects.get(act="sign_up_changed_for")
    assert (entry.by, entry.member) == (helper, user.member)


# --- wiped ------------------------------------------------------------------------------
def test_answers_go_when_one_withdraws_and_a_month_after_the_day():
    activity = asking()
    meal = numbers(activity)[0]
    one, two = (
        ask(build.member(branch=activity.branch), activity, {meal: "yes"})
        for _each in "12"
    )
    sign_ups.withdraw(one, by=None, now=timezone.now())
    one.refresh_from_db()
    assert one.answers == []

    early = activity.ends_at + timedelta(days=29)
    assert questions.wipe(now=early) == 0
    assert questions.wipe(now=early + timedelta(days=2)) == 1
    assert questions.wipe(now=early + timedelta(days=2)) == 0
    two.refresh_from_db()
    assert two.answers == []


def test_no_history_keeps_an_answer():
    activity = asking()
    own = ask(
        build.member(branch=activity.branch),
        activity,
        {numbers(activity)[2]: "特大", numbers(activity)[0]: "no"},
    )
    sign_ups.withdraw(own, by=None, now=timezone.now())

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM activities_signupevent e")
        rows = [row[0] for row in cursor.fetchall()]
    assert rows
    assert not any("特大" in row for row in rows)


def test_the_file_of_own_data_tells_the_answers():
    activity = asking()
    user = build.user(member=build.member(branch=activity.branch))
    ask(user.member, activity, {numbers(activity)[0]: "no"}, by=user)

    (row,) = own_data.take(user)["parts"]["sign_ups"]["rows"]

    assert [(one["asked"], one["answer"]) for one in row["answers"]] == [
        ("是否用餐？", "no")
    ]


# --- pages ------------------------------------------------------------------------------
def test_a_host_types_questions_and_reads_every_refusal(django_assert_num_queries):
    activity = build.activity(seats=3)
    client = client_of(build.secretary(of=activity.branch))
    page = address("activity_questions", activity)

    def sent(*rows):
        found = {"row-TOTAL_FORMS": len(rows), "row-INITIAL_FORMS": 0}
        for number, row in enumerate(rows):
            found |= {f"row-{number}-{name}": value for name, value in row.items()}
        return client.post(page, found, follow=True)

    bus = BUS | {"options": "镇政府\n\n村口"}
    meal = {"text": MEAL["text"], "kind": "yes_no", "is_required": "on"}
    done = sent(meal, bus, {"text": "", "kind": "text"})
    assert "The questions are saved." in text_of(done)
    assert "在哪里上车？" in text_of(done)
    assert activity.questions.get(kind="choice").options == ["镇政府", "村口"]

    few = sent(BUS | {"options": "村口"})
    assert few.status_code == 422
    assert "give from two to eight different things" in text_of(few)
    many = sent(*[meal] * 6)
    assert many.status_code == 422
    assert "At most 5" in text_of(many) or "at most 5" in text_of(many)
    wrong = sent({"text": "x", "kind": "nothing"})
    assert wrong.status_code == 422
    meals, _bus = activity.questions.all()
    ask(build.member(branch=activity.branch), activity, {meals.pk: "yes"})
    answered = sent(bus)
    assert answered.status_code == 422
    assert "“是否用餐？” was answered already: it stays." in text_of(answered)
    assert activity.questions.count() == 2


def test_a_member_answers_without_a_script_and_with_one():
    activity = asking()
    meal, bus, _vest = numbers(activity)
    user = build.user(member=build.member(branch=activity.branch))
    client = client_of(user)
    assert "在哪里上车？" in text_of(client.get(activity.get_absolute_url()))

    for more in ({}, HTMX):
        empty = client.post(address("sign_up", activity), {"note": ""}, **more)
        assert empty.status_code == 422
        assert f'id="id_question_{meal}_error"' in empty.content.decode()
    wrong = {f"question_{meal}": "yes", f"question_{bus}": "别处"}
    refused = client.post(address("sign_up", activity), wrong)
    assert f'id="id_question_{bus}_error"' in refused.content.decode()
    assert not activity.sign_ups.exists()

    answered = client.post(
        address("sign_up", activity),
        {f"question_{meal}": "yes", f"question_{bus}": "村口", "note": ""},
        follow=True,
    )

    assert "在哪里上车？ 村口" in text_of(answered)
    assert "是否用餐？ Yes" in text_of(answered)


def test_a_member_changes_answers_until_the_sign_up_ends():
    activity = asking(sign_up_ends_at=timezone.now() + timedelta(days=1))
    meal = numbers(activity)[0]
    user = build.user(member=build.member(branch=activity.branch))
    client = client_of(user)
    own = ask(user.member, activity, {meal: "no"}, by=user)
    page = address("sign_up_edit", own)
    assert page in client.get(activity.get_absolute_url()).content.decode()

    empty = client.post(page, {"note": ""})
    assert empty.status_code == 422
    assert f'id="id_question_{meal}_error"' in empty.content.decode()
    done = client.post(page, {f"question_{meal}": "yes", "note": "素食"}, follow=True)
    assert "Saved." in text_of(done)
    own.refresh_from_db()
    assert (own.note, questions.given_by(own)) == ("素食", {meal: "yes"})

    activity.sign_up_ends_at = timezone.now() - timedelta(hours=1)
    activity.save()
    late = client.post(page, {f"question_{meal}": "no", "note": ""})
    assert late.status_code == 422
    assert "The sign-up has ended: tell the host what is different." in text_of(late)
    assert page not in client.get(activity.get_absolute_url()).content.decode()


def test_who_may_change_which_sign_up():
    activity = asking()
    meal = numbers(activity)[0]
    user = build.user(member=build.member(branch=activity.branch))
    own = ask(user.member, activity, {meal: "no"})
    neighbor = build.user(member=build.member(branch=activity.branch))
    secretary = build.secretary(of=activity.branch)
    page = address("sign_up_edit", own)

    found = {
        name: client_of(account).get(page).status_code
        for name, account in {
            "own": user,
            "neighbor": neighbor,
            "secretary": secretary,
            "elsewhere": build.secretary(of=build.branch()),
        }.items()
    }

    assert found == {"own": 200, "neighbor": 404, "secretary": 200, "elsewhere": 404}


def test_a_helper_answers_for_a_neighbor():
    activity = asking()
    meal = numbers(activity)[0]
    neighbor = build.member("孟昭庆", branch=activity.branch)
    client = client_of(build.secretary(of=activity.branch))
    page = address("sign_up_add", activity)

    empty = client.post(page, {"member": neighbor.pk, "note": ""})
    assert empty.status_code == 422
    assert f'id="id_question_{meal}_error"' in empty.content.decode()
    done = client.post(
        page,
        {"member": neighbor.pk, "note": "", f"question_{meal}": "yes"},
        follow=True,
    )

    assert "孟昭庆 has a seat." in text_of(done)
    assert questions.given_by(activity.sign_ups.get()) == {meal: "yes"}


def test_the_host_reads_answers_and_their_numbers(django_assert_num_queries):
    activity = asking(seats=30)
    meal, bus, vest = numbers(activity)
    client = client_of(build.secretary(of=activity.branch))
    page = address("sign_up_list", activity)
    client.get(page)

    def answered(count, answers):
        for _each in range(count):
            ask(build.member(branch=activity.branch), activity, answers)

    answered(1, {meal: "yes", bus: "村口", vest: "大号"})
    with django_assert_num_queries(6):
        client.get(page)
    answered(9, {meal: "no"})
    with django_assert_num_queries(6):
        answer = client.get(page)

    text = text_of(answer)
    assert "是否用餐？ Yes 1 · No 9" in text
    assert "在哪里上车？ 镇政府 0 · 村口 1" in text
    assert "马甲尺码 大号" in text


# --- the API ----------------------------------------------------------------------------
def api(user):
    client = APIClient()
    client.force_login(user)
    return client


def test_questions_and_answers_by_the_api():
    branch = build.branch()
    activity = build.activity(branch=branch, seats=3)
    host = api(build.secretary(of=branch))
    url = f"/api/v1/activities/{activity.pk}/"

    sent = host.patch(url, {"questions": [MEAL, BUS]}, format="json")
    assert sent.status_code == 200
    meal, bus = (one["id"] for one in sent.json()["questions"])
    bad = host.patch(url, {"questions": [BUS | {"options": []}]}, format="json")
    assert [e["code"] for e in bad.json()["errors"]] == ["options"]

    client = api(build.user(member=build.member(branch=branch)))
    none = client.post(f"{url}sign-up/", {}, format="json")
    assert [e["code"] for e in none.json()["errors"]] == ["required"]
    answers = [{"question": meal, "answer": "yes"}]
    made = client.post(f"{url}sign-up/", {"answers": answers}, format="json")
    assert made.json()["answers"] == [
        {"question": meal, "asked": "是否用餐？", "answer": "yes"}
    ]
    more = {"answers": [{"question": bus, "answer": "村口"}], "note": "晚到"}
    changed = client.patch(f"{url}sign-up/", more, format="json").json()
    assert [one["answer"] for one in changed["answers"]] == ["yes", "村口"]
    assert (changed["note"], changed["place"]) == ("晚到", None)


def test_a_question_of_another_activity_is_taken_for_a_new_one():  # AZ-06
    mine, other = build.activity(seats=1), asking(MEAL)
    host = api(build.secretary(of=mine.branch))
    foreign = numbers(other)[0]

    host.patch(
        f"/api/v1/activities/{mine.pk}/",
        {"questions": [VEST | {"id": foreign}]},
        format="json",
    )

    assert other.questions.get().text == "是否用餐？"
    assert mine.questions.get().pk != foreign


def test_changing_the_plan_leaves_the_questions():
    activity = asking()
    activities.change(activity, by=None)
    assert activity.questions.count() == 3
