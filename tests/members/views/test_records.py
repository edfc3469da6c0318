"""A member's record: seen, added, edited, its state changed, its history."""

from datetime import UTC, date, datetime

import pghistory
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members import history
from members.algorithms import next_demo_id_number
from members.models import LocalCode, Member, RollInquiry, StateChange, User
from members.services import states
from tests import build

pytestmark = pytest.mark.django_db

NUMBER = next_demo_id_number("110000", date(1980, 2, 3), 124)  # female
# An odd number: those of the builder are even.
SEEDED = {
    "id_number": next_demo_id_number("110000", date(1970, 1, 1), 773),
    "phone": "13955512345",
    "landline": "08515550123",
    "address": "云溪镇青石村七组八号",
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def people():
    """One on the roll of `left`, and accounts of those near and far."""
    top, left, right = build.tree()
    person = build.member("薛丽华", branch=left, **SEEDED)
    return {
        "person": person,
        "owner": build.user(member=person),
        "secretary": build.secretary(of=left),
        "above": build.secretary(of=top, home=left),
        "sibling": build.secretary(of=right),
        "comrade": build.user(member=build.member(branch=left)),
        "stranger": build.user(),
        "system": build.administrator("system"),
    }


ROLES = ("owner", "secretary", "above", "sibling", "comrade", "stranger", "system")


def who_opens(client, people, url):
    opened = set()
    for role in ROLES:
        client.force_login(people[role])
        answer = client.get(url)
        assert answer.status_code in {200, 404}
        if answer.status_code == 200:
            opened.add(role)
    return opened


def sign_in(client, user):
    client.force_login(user)
    return user


def url_of(member, page=""):
    return f"/members/{member.pk}/{page}"


def refusals(answer):
    """The fields at which something was refused."""
    assert answer.status_code == 422
    return set(answer.context["form"].errors)


def facts_of(answer):
    return {
        fact.name: fact.value
        for _title, facts in answer.context["sections"]
        for fact in facts
    }


# --- who opens which page -------------------------------------------------------------
@pytest.mark.parametrize(
    ("page", "opened"),
    [
        ("", {"owner", "secretary", "above"}),
        ("history/", {"owner", "secretary", "above"}),
        ("edit/", {"secretary", "above"}),
        ("state/", {"secretary", "above"}),
    ],
)
def test_each_page_opens_to_those_in_reach(client, people, page, opened):
    url = url_of(people["person"], page)

    assert who_opens(client, people, url) == opened
    client.logout()
    assert client.get(url).url == f"/members/sign-in/?next={url}"


def test_a_named_purpose_opens_the_record_until_its_end(client, people):
    user = sign_in(client, people["stranger"])
    build.member_grant(user, people["person"], ends_on=date(2026, 6, 30))
    url = url_of(people["person"])

    assert client.get(url).status_code == 200
    assert client.get(url_of(people["person"], "edit/")).status_code == 404
    with time_machine.travel("2026-07-01T00:00:01+08:00", tick=False):
        sign_in(client, people["stranger"])
        assert client.get(url).status_code == 404


def test_what_a_role_may_do_is_offered_and_no_more(client, people):
    keys = (
        "can_edit",
        "can_change_state",
        "can_appoint",
        "can_explain",
        "shows_account",
    )
    offered = {}
    for role in ("owner", "secretary", "above"):
        sign_in(client, people[role])
        context = client.get(url_of(people["person"])).context
        offered[role] = {key for key in keys if context[key]}

    assert offered == {"owner": set(), "secretary": set(keys), "above": set(keys)}


def test_the_record_of_one_who_left_can_be_seen_and_no_longer_changed(client, people):
    sign_in(client, people["secretary"])
    gone = build.member(branch=people["person"].branch, state="removed")

    seen = client.get(url_of(gone))

    assert seen.status_code == 200
    assert not seen.context["can_edit"]
    assert client.get(url_of(gone, "edit/")).status_code == 404
    assert client.get(url_of(gone, "state/")).status_code == 404


# --- seen -----------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["owner", "secretary"])
def test_no_page_holds_a_sealed_value(client, people, role):  # AZ-11
    person = people["person"]
    person.phone = "13955554321"
    person.save()
    sign_in(client, people[role])
    secrets = (*SEEDED.values(), "13955554321", "0851-5550123")

    for page in ("", "history/", "history/?on=2026-06-30", "edit/", "state/"):
        html = client.get(url_of(person, page)).content.decode()
        assert not [value for value in secrets if value in html], page
    html = client.get("/members/me/").content.decode()
    assert not [value for value in secrets if value in html]


def test_a_record_shows_its_fields_in_words(client, people):
    person = people["person"]
    LocalCode.objects.create(
        table="post", code="2101", name_zh="村干部", valid_from=date(2020, 1, 1)
    )
    Member.objects.filter(pk=person.pk).update(
        ethnic_group="22", education="14", title="083", post="2101", is_floating=True
    )
    sign_in(client, people["secretary"])

    facts = facts_of(client.get(url_of(person)))

    assert (facts["ethnic_group"], facts["education"]) == ("畲族", "硕士研究生毕业")
    assert facts["title"].startswith("工程技术人员")
    assert (facts["post"], facts["branch"]) == ("村干部", "中共东村支部")
    assert facts["id_number"].endswith(person.id_number[-4:])
    assert facts["phone"] == "139****2345"


def test_a_record_shows_its_states_and_offices_now_and_before(client, people):
    person = people["person"]
    now = build.appointment(person, office="publicity_officer")
    past = build.appointment(
        person, office="organization_officer", ends_on=date(2024, 1, 1)
    )
    change = states.change_state(
        person,
        "stopped",
        body="superior",
        decided_on=date(2026, 5, 1),
        document_number="7",
        by=None,
    )
    sign_in(client, people["secretary"])

    context = client.get(url_of(person)).context

    now.refresh_from_db()
    assert context["changes"] == [change]
    assert set(context["past_appointments"]) == {now, past}
    assert context["appointments"] == []
    assert now.ends_on == date(2026, 5, 1)


def test_a_damaged_value_is_said_and_the_page_goes_on(client, people):  # CR-02
    person = people["person"]
    field = Member._meta.get_field("phone")
    Member.objects.filter(pk=person.pk).update(phone=field.seal("13900000000", 999))
    sign_in(client, people["secretary"])

    for page in ("", "edit/", "history/"):
        assert client.get(url_of(person, page)).status_code == 200
    assert client.get("/members/roll/").status_code == 200


def test_a_record_takes_as_many_queries_for_much_as_for_little(client, people):
    person = people["person"]
    sign_in(client, people["secretary"])
    pages = [url_of(person), url_of(person, "history/")]
    fields = ("name", "sex", "phone", "address")

    def live(field):
        build.appointment(person, office="publicity_officer", ends_on=date(2024, 1, 1))
        build.correction(person, field=field, by=people["owner"])
        with pghistory.context(user=build.user().pk):
            person.employer = f"{field}小学"
            person.save()

    live("employer")
    few = [queries(client, url) for url in pages]
    for field in fields:
        live(field)

    assert [queries(client, url) for url in pages] == few
    assert max(few) <= 20


def queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# --- own record -----------------------------------------------------------------------
def test_ones_own_record_offers_a_correction_at_each_field(client, people):
    sign_in(client, people["owner"])

    answer = client.get("/members/me/")

    html = answer.content.decode()
    assert answer.context["member"] == people["person"]
    assert "/members/me/corrections/add/?field=phone" in html
    assert "?field=state" not in html
    assert "?field=branch" not in html


def test_one_who_is_on_no_roll_has_no_own_record(client, people):
    for role in ("stranger", "system"):
        sign_in(client, people[role])
        assert client.get("/members/me/").status_code == 404


# --- history --------------------------------------------------------------------------
def test_history_tells_who_changed_what_but_not_a_sealed_value(client, people):
    person = people["person"]
    sign_in(client, people["secretary"])
    client.post(
        url_of(person, "edit/"),
        entered(person, employer="青山小学", phone="13955554321"),
    )

    newest, first = client.get(url_of(person, "history/")).context["versions"]

    assert newest["version"].user == people["secretary"]
    assert newest["changes"] == [
        {"field": "工作单位", "old": "", "new": "青山小学"},
        {"field": "手机号码", "sealed": True},
    ]
    assert first["changes"] == []


def test_a_record_as_of_a_day(client, people):
    person = people["person"]
    person.employer = "青山小学"
    person.save()
    moments = [datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
    events = history.MemberEvent.objects.filter(pgh_obj=person).order_by("pgh_id")
    for event, moment in zip(events, moments, strict=True):
        event.pgh_created_at = moment
        event.save()
    sign_in(client, people["secretary"])
    url = url_of(person, "history/")

    def employer(day):
        return facts_of(client.get(url, {"on": day}))["employer"]

    assert employer("2026-01-31") == ""
    assert employer("2026-03-01") == "青山小学"
    assert employer("2099-01-01") == "青山小学"
    assert client.get(url, {"on": "2026-01-04"}).context["event"] is None
    for nonsense in ("2026-02-30", "yesterday", "\0"):
        assert client.get(url, {"on": nonsense}).context["day"] is None


# --- added ----------------------------------------------------------------------------
def newcomer(branch):
    return {
        "name": "单晓梅",
        "id_number": NUMBER,
        "ethnic_group": "01",
        "branch": branch.code,
        "state": "full",
        "increase": "registered",
        "admitted_on": "2000-07-01",
        "full_member_on": "2001-07-01",
        "title_0": "080",
        "title_1": "3",
    }


def add(client, to, **fields):
    return client.post("/members/add/", newcomer(to) | fields)


def test_who_manages_a_roll_adds_people(client, people):
    assert who_opens(client, people, "/members/add/") == {
        "secretary",
        "above",
        "sibling",
    }


def test_somebody_is_added_with_what_follows_from_the_id_number(client, people):
    branch = people["person"].branch
    group = build.group(branch)
    sign_in(client, people["secretary"])

    answer = add(
        client,
        branch,
        party_group=group.pk,
        phone="+86 137-0000-1234",
        decided_by="支部委员会",
        document_number="3号",
    )

    member = Member.objects.get(name="单晓梅")
    assert answer.url == url_of(member)
    assert (member.sex, member.birth_date) == ("2", date(1980, 2, 3))
    assert (member.id_number, member.phone) == (NUMBER, "13700001234")
    assert (member.pinyin, member.title) == ("shanxiaomei", "083")
    assert (member.branch, member.party_group) == (branch, group)
    change = StateChange.objects.get(member=member)
    assert (change.decided_by, change.document_number) == ("支部委员会", "3号")
    assert change.recorded_by == people["secretary"]


def test_without_an_id_number_sex_and_birth_date_are_needed(client, people):
    sign_in(client, people["secretary"])
    branch = people["person"].branch

    assert refusals(add(client, branch, id_number="")) == {"sex", "birth_date"}
    answer = add(client, branch, id_number="", sex="2", birth_date="1980-02-03")
    assert answer.status_code == 302
    assert Member.objects.get(name="单晓梅").id_number == ""


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"id_number": "110000198002031230"}, {"id_number"}),
        ({"sex": "1"}, {"sex"}),
        ({"birth_date": "1980-02-04"}, {"birth_date"}),
        ({"phone": "123"}, {"phone"}),
        ({"landline": "123"}, {"landline"}),
        ({"state": "expelled"}, {"state"}),
        ({"admitted_on": ""}, {"admitted_on"}),
        ({"full_member_on": "2000-12-31"}, {"full_member_on"}),
        ({"enrolled_on": "2026-07-01"}, {"enrolled_on"}),
        ({"is_floating": "on"}, {"floating_to"}),
        ({"ethnic_group": "99"}, {"ethnic_group"}),
        ({"name": "王\0"}, {"name"}),
        ({"title_0": "999"}, {"title"}),
        ({"branch": ""}, {"branch"}),
        ({"branch": "\0"}, {"branch"}),
    ],
)
def test_what_is_not_sound_is_refused_at_its_field(client, people, fields, refused):
    sign_in(client, people["secretary"])
    count = Member.objects.count()

    assert refusals(add(client, people["person"].branch, **fields)) == refused
    assert Member.objects.count() == count


def test_a_foreign_branch_or_group_is_refused_at_its_field(client, people):  # AZ-06
    sign_in(client, people["secretary"])
    left, right = people["person"].branch, people["sibling"].member.branch
    build.group(left)
    count = Member.objects.count()

    assert refusals(add(client, right)) == {"branch"}
    assert refusals(add(client, left.parent)) == {"branch"}
    assert refusals(add(client, left, party_group=build.group(right).pk)) == {
        "party_group"
    }
    assert Member.objects.count() == count


def test_a_group_of_another_branch_in_scope_is_refused_too(client, people):
    sign_in(client, people["above"])
    left, right = people["person"].branch, people["sibling"].member.branch
    group = build.group(right)

    assert refusals(add(client, left, party_group=group.pk)) == {"party_group"}
    assert add(client, right, party_group=group.pk).status_code == 302


def test_one_on_another_roll_is_refused_and_the_inquiry_counted(client, people):
    build.member(
        branch=people["sibling"].member.branch,
        id_number=NUMBER,
        birth_date=date(1980, 2, 3),
    )
    sign_in(client, people["secretary"])

    answer = add(client, people["person"].branch)

    assert refusals(answer) == {"id_number"}
    assert RollInquiry.objects.filter(user=people["secretary"]).count() == 1
    assert "西村" not in answer.content.decode()


def test_only_declared_fields_are_written(client, people):  # AZ-10
    sign_in(client, people["secretary"])
    person = people["person"]

    add(
        client,
        person.branch,
        id=person.pk,
        pinyin="hacked",
        created_at="2000-01-01",
        phone_index="x",
        user=people["secretary"].pk,
    )

    member = Member.objects.get(name="单晓梅")
    assert member.pk != person.pk
    assert member.pinyin == "shanxiaomei"
    assert not User.objects.filter(member=member).exists()


def test_the_form_starts_from_the_branch_it_was_opened_from(client, people):
    left = people["person"].branch
    sign_in(client, people["secretary"])
    assert client.get("/members/add/").context["form"].initial["branch"] == left.code

    sign_in(client, people["above"])
    assert client.get("/members/add/").context["form"].initial["branch"] == ""
    opened = client.get("/members/add/", {"branch": left.code})
    assert f'<option value="{left.code}" selected>' in opened.content.decode()
    assert client.get("/members/add/", {"branch": "\0"}).status_code == 200


def test_posts_are_offered_where_there_is_a_list_of_them(client, people):
    sign_in(client, people["secretary"])
    assert "post" not in client.get("/members/add/").context["form"].fields

    LocalCode.objects.create(
        table="post", code="2101", name_zh="村干部", valid_from=date(2020, 1, 1)
    )
    assert refusals(add(client, people["person"].branch, post="9999")) == {"post"}
    add(client, people["person"].branch, post="2101")
    assert Member.objects.get(name="单晓梅").post == "2101"


# --- edited ---------------------------------------------------------------------------
def entered(member, **fields):
    """What the form sends when nothing but `fields` was touched."""
    return {
        "name": member.name,
        "pinyin": member.pinyin,
        "initials": member.initials,
        "sex": member.sex,
        "birth_date": member.birth_date,
        "ethnic_group": member.ethnic_group,
        "education": member.education,
        "admitted_on": member.admitted_on or "",
        "full_member_on": member.full_member_on or "",
    } | fields


def edit(client, member, **fields):
    return client.post(url_of(member, "edit/"), entered(member, **fields))


def kept(member):
    stored = Member.objects.get(pk=member.pk)
    return {name: getattr(stored, name) for name in SEEDED}


def test_sealed_fields_left_empty_stay_as_they_are(client, people):
    person = people["person"]
    sign_in(client, people["secretary"])

    assert edit(client, person, employer="青山小学").url == url_of(person)

    assert kept(person) == SEEDED
    assert Member.objects.get(pk=person.pk).employer == "青山小学"


def test_sealed_fields_are_changed_or_deleted(client, people):
    person = people["person"]
    sign_in(client, people["secretary"])

    edit(client, person, phone="137 0000 1234", clear_landline="on", clear_address="on")

    assert kept(person) == SEEDED | {
        "phone": "13700001234",
        "landline": "",
        "address": "",
    }


def test_what_is_typed_wins_over_deleting(client, people):
    person = people["person"]
    sign_in(client, people["secretary"])

    edit(client, person, address="云溪镇一号", clear_address="on")

    assert kept(person)["address"] == "云溪镇一号"


def test_editing_changes_neither_state_nor_branch_nor_what_is_not_asked(
    client, people
):  # AZ-10
    person = people["person"]
    right = people["sibling"].member.branch
    sign_in(client, people["secretary"])

    edit(
        client,
        person,
        employer="青山小学",
        state="expelled",
        branch=right.code,
        branch_id=right.pk,
        enrolled_on="2020-01-01",
        increase="restored",
        id=1,
        user=people["secretary"].pk,
    )

    stored = Member.objects.get(pk=person.pk)
    assert stored.employer == "青山小学"
    assert (stored.state, stored.branch) == ("full", person.branch)
    assert (stored.enrolled_on, stored.increase) == (person.enrolled_on, "registered")
    assert people["owner"].member == stored


def test_a_refused_edit_writes_nothing_and_shows_no_sealed_value(client, people):
    person = people["person"]
    elsewhere = build.group(people["sibling"].member.branch)
    sign_in(client, people["secretary"])

    for fields, refused in (
        ({"phone": "12"}, {"phone"}),
        ({"sex": "9"}, {"sex"}),
        ({"admitted_on": "1980-01-01"}, {"admitted_on"}),
        ({"party_group": elsewhere.pk}, {"party_group"}),
        ({"id_number": NUMBER}, {"sex", "birth_date"}),
    ):
        answer = edit(client, person, employer="青山小学", **fields)
        assert refusals(answer) & refused, fields
        html = answer.content.decode()
        assert not [value for value in SEEDED.values() if value in html]
    assert kept(person) == SEEDED
    assert Member.objects.get(pk=person.pk).employer == ""


def test_the_sibling_cannot_edit_by_posting(client, people):
    person = people["person"]
    sign_in(client, people["sibling"])

    assert edit(client, person, employer="青山小学").status_code == 404
    assert Member.objects.get(pk=person.pk).employer == ""


def test_a_purpose_to_change_one_record_is_enough_to_edit_it(client, people):
    person, user = people["person"], people["stranger"]
    build.member_grant(user, person, "view_member")
    build.member_grant(user, person, "change_member")
    sign_in(client, user)

    assert edit(client, person, employer="青山小学").status_code == 302
    assert client.get(url_of(person, "state/")).status_code == 404


# --- the state ------------------------------------------------------------------------
def step(client, member, to_state, **fields):
    return client.post(
        url_of(member, "state/"),
        {
            "to_state": to_state,
            "body": "superior",
            "decided_on": "2026-06-01",
            "document_number": "青委〔2026〕7号",
            **fields,
        },
    )


def test_a_state_changes_with_what_decided_it(client, people):
    person = people["person"]
    sign_in(client, people["secretary"])

    assert step(client, person, "stopped", reason="失去联系").url == url_of(person)

    change = StateChange.objects.get(member=person)
    assert (change.to_state, change.reason) == ("stopped", "失去联系")
    assert change.recorded_by == people["secretary"]
    assert Member.objects.get(pk=person.pk).state == "stopped"


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"body": "branch_committee"}, {"body"}),
        ({"document_number": ""}, {"document_number"}),
        ({"decided_on": "2026-07-01"}, {"decided_on"}),
        ({"decided_on": ""}, {"decided_on"}),
        ({"to_state": "applicant"}, {"to_state"}),
        ({"to_state": "full"}, {"to_state"}),
        ({"to_state": ""}, {"to_state"}),
    ],
)
def test_a_step_that_is_not_allowed_is_refused_at_its_field(
    client, people, fields, refused
):
    person = people["person"]
    sign_in(client, people["secretary"])

    answer = step(client, person, **{"to_state": "stopped", **fields})

    assert refusals(answer) == refused
    assert not StateChange.objects.exists()


def test_a_step_that_cannot_be_undone_is_confirmed_first(client, people):
    person = people["person"]
    sign_in(client, people["secretary"])

    asked = step(client, person, "expelled", reason="严重违纪")
    assert Member.objects.get(pk=person.pk).state == "full"
    carried = dict(asked.context["carried"])
    done = client.post(url_of(person, "state/"), carried | {"confirmed": "1"})

    assert done.url == url_of(person)
    assert StateChange.objects.get(member=person).reason == "严重违纪"
    assert not User.objects.get(member=person).is_active


def test_the_steps_that_are_possible_are_explained(client, people):
    sign_in(client, people["secretary"])
    applicant = build.member(branch=people["person"].branch, state="applicant")

    steps = client.get(url_of(applicant, "state/")).context["steps"]

    assert [(s["document"], s["is_final"]) for s in steps] == [
        (False, False),
        (False, True),
    ]
