"""Requests for correction on their pages: asked, listed, answered, taken back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.models import Correction, Member
from tests import build

pytestmark = pytest.mark.django_db

LIST = "/members/corrections/"
ASK = "/members/me/corrections/add/"
VERBS = ("accept", "decline", "withdraw")


@pytest.fixture
def people():
    top, left, right = build.tree()
    person = build.member("薛丽华", branch=left, phone="13955512345", education="21")
    return {
        "person": person,
        "owner": build.user(member=person),
        "secretary": build.secretary(of=left),
        "above": build.secretary(of=top, home=left),
        "sibling": build.secretary(of=right),
        "comrade": build.user(member=build.member(branch=left)),
        "stranger": build.user(),
        "audit": build.administrator("audit"),
    }


ROLES = ("owner", "secretary", "above", "sibling", "comrade", "stranger", "audit")


@pytest.fixture
def asked(people):
    return build.correction(
        people["person"], proposed="13700001234", by=people["owner"]
    )


def sign_in(client, user):
    client.force_login(user)
    return user


def refusals(answer):
    assert answer.status_code == 422
    return set(answer.context["form"].errors)


def url_of(correction, verb=""):
    return f"{LIST}{correction.pk}/{verb}{'/' if verb else ''}"


# --- asked ----------------------------------------------------------------------------
def test_a_member_asks_for_a_correction(client, people):
    sign_in(client, people["owner"])

    answer = client.post(
        ASK, {"field": "phone", "proposed": "137 0000 1234", "note": "换了号码"}
    )

    correction = Correction.objects.get()
    assert answer.url == url_of(correction)
    assert (correction.member, correction.asked_by) == (
        people["person"],
        people["owner"],
    )
    assert (correction.proposed, correction.note) == ("137 0000 1234", "换了号码")


def test_without_a_field_the_fields_are_offered(client, people):
    sign_in(client, people["owner"])

    for query in ({}, {"field": "state"}, {"field": "user__password"}):
        answer = client.get(ASK, query)
        assert [name for name, _label in answer.context["fields"]] == list(
            Correction.FIELDS
        )
    answer = client.post(ASK, {"field": "branch", "proposed": "1"})
    assert "fields" in answer.context
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    ("field", "markup"),
    [
        ("education", '<option value="10">'),
        ("admitted_on", 'type="date"'),
        ("employer", 'type="text" name="proposed"'),
    ],
)
def test_what_is_right_is_entered_the_way_the_field_is(client, people, field, markup):
    sign_in(client, people["owner"])

    assert markup in client.get(ASK, {"field": field}).content.decode()


@pytest.mark.parametrize(
    ("field", "proposed"),
    [("phone", "123"), ("phone", "13955512345"), ("phone", ""), ("education", "2x")],
)
def test_what_cannot_be_right_is_refused_at_its_field(client, people, field, proposed):
    sign_in(client, people["owner"])

    answer = client.post(ASK, {"field": field, "proposed": proposed})

    assert refusals(answer) == {"proposed"}
    assert not Correction.objects.exists()


def test_only_for_oneself_and_only_on_a_roll(client, people):
    gone = build.user(member=build.member(state="removed"))
    for user in (people["stranger"], people["audit"], gone):
        sign_in(client, user)
        assert client.get(ASK).status_code == 404
    sign_in(client, people["comrade"])
    client.post(
        ASK,
        {"field": "phone", "proposed": "13700001234", "member": people["person"].pk},
    )
    assert Correction.objects.get().member == people["comrade"].member


def test_the_question_shows_what_the_record_says_masked(client, people):  # AZ-11
    sign_in(client, people["owner"])

    html = client.get(ASK, {"field": "phone"}).content.decode()

    assert "139****2345" in html
    assert "13955512345" not in html


# --- listed and seen ------------------------------------------------------------------
def test_each_sees_the_own_requests_and_those_to_answer(client, people, asked):  # AZ-05
    sets = {}
    for role in ROLES:
        sign_in(client, people[role])
        answer = client.get(LIST)
        page = client.get(url_of(asked))
        assert page.status_code == (
            404 if role not in {"owner", "secretary", "above"} else 200
        )
        sets[role] = (
            answer.status_code
            if answer.status_code == 404
            else [line.pk for line, _tone in answer.context["lines"]]
        )

    assert sets == {
        "owner": [asked.pk],
        "secretary": [asked.pk],
        "above": [asked.pk],
        "sibling": [],
        "comrade": [],
        "stranger": 404,
        "audit": 404,
    }
    client.logout()
    assert client.get(LIST).url == f"/members/sign-in/?next={LIST}"


def test_open_requests_come_first_and_states_can_be_chosen(client, people):
    person, owner = people["person"], people["owner"]
    states = {
        "name": "declined",
        "sex": "open",
        "employer": "withdrawn",
        "phone": "open",
    }
    made = {}
    for field, state in states.items():
        made[field] = build.correction(person, field=field, proposed="1", by=owner)
        Correction.objects.filter(pk=made[field].pk).update(
            state=state, answer="" if state == "open" else "不"
        )
    sign_in(client, people["secretary"])

    def listed(**query):
        lines = client.get(LIST, query).context["lines"]
        return [correction.field for correction, _tone in lines]

    assert listed() == ["phone", "sex", "employer", "name"]
    assert listed(state="open") == ["phone", "sex"]
    assert listed(state="declined") == ["name"]
    assert listed(state="no such state") == ["phone", "sex", "employer", "name"]


def test_the_list_takes_as_many_queries_for_many_as_for_few(client, people, asked):
    sign_in(client, people["secretary"])
    few = queries(client)
    for _number in range(10):
        build.correction(build.member(branch=people["person"].branch))

    assert queries(client) == few <= 12


def queries(client):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(LIST).status_code == 200
    return len(captured)


def test_the_fragment_is_the_list_alone(client, people, asked):
    sign_in(client, people["secretary"])

    part = client.get(LIST, headers={"HX-Request": "true"}).content.decode()

    assert part.lstrip().startswith('<div id="found">')
    assert "薛丽华" in part


@pytest.mark.parametrize("role", ["owner", "secretary"])
def test_a_sealed_proposal_is_masked_for_both_sides(client, people, asked, role):
    sign_in(client, people[role])

    html = client.get(url_of(asked)).content.decode()

    assert ("139****2345" in html, "137****1234" in html) == (True, True)
    assert "13955512345" not in html
    assert "13700001234" not in html


def test_another_proposal_is_shown_in_words(client, people):
    correction = build.correction(
        people["person"], field="education", proposed="14", by=people["owner"]
    )
    sign_in(client, people["secretary"])

    context = client.get(url_of(correction)).context

    assert (context["now"], context["proposed"]) == ("大学本科毕业", "硕士研究生毕业")


# --- answered -------------------------------------------------------------------------
def test_only_the_branch_answers_and_only_the_member_takes_back(client, people, asked):
    allowed = set()
    for role in ROLES:
        sign_in(client, people[role])
        for verb in VERBS:
            assert client.get(url_of(asked, verb)).status_code == 405
            Correction.objects.update(state="open", answer="")
            status = client.post(url_of(asked, verb), {"answer": "好"}).status_code
            assert status in {302, 404}
            changed = Correction.objects.get().state != "open"
            assert changed == (status == 302)
            if changed:
                allowed.add((role, verb))

    assert allowed == {
        ("owner", "withdraw"),
        ("secretary", "accept"),
        ("secretary", "decline"),
        ("above", "accept"),
        ("above", "decline"),
    }


def test_the_secretary_accepts(client, people, asked):
    sign_in(client, people["secretary"])

    assert client.post(url_of(asked, "accept")).url == url_of(asked)

    asked.refresh_from_db()
    assert asked.state == "accepted"
    assert asked.answered_by == people["secretary"]
    assert Member.objects.get(pk=people["person"].pk).phone == "13700001234"


def test_declining_without_a_reason_is_refused_at_the_answer(client, people, asked):
    sign_in(client, people["secretary"])

    assert refusals(client.post(url_of(asked, "decline"), {"answer": " "})) == {
        "answer"
    }
    assert Correction.objects.get().state == "open"


def test_what_the_record_refuses_is_said_and_stays_open(client, people):
    correction = build.correction(
        people["person"], field="admitted_on", proposed="1987-01-01", by=people["owner"]
    )
    sign_in(client, people["secretary"])

    assert refusals(client.post(url_of(correction, "accept"))) == {"__all__"}
    assert Correction.objects.get().state == "open"


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_an_answered_request_is_not_answered_again(client, people, asked, verb):
    Correction.objects.update(state="declined", answer="不")
    sign_in(client, people["secretary"])

    assert refusals(client.post(url_of(asked, verb), {"answer": "好"})) == {"__all__"}
    assert Correction.objects.get().answer == "不"


def test_the_member_reads_the_answer(client, people, asked):
    sign_in(client, people["secretary"])
    client.post(url_of(asked, "decline"), {"answer": "号码打不通。"})
    sign_in(client, people["owner"])

    assert "号码打不通。" in client.get(url_of(asked)).content.decode()
    assert "号码打不通。" in client.get("/members/me/").content.decode()


def test_taking_back_twice_is_said(client, people, asked):
    sign_in(client, people["owner"])
    client.post(url_of(asked, "withdraw"))

    again = client.post(url_of(asked, "withdraw"), follow=True)

    assert [str(m.level_tag) for m in again.context["messages"]][-1] == "error"
    assert Correction.objects.get().state == "withdrawn"
