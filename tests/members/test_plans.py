"""No page of the roll makes the database read, sort or throw away more rows than a page
may cost, however many there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.models import Branch
from tests import build

pytestmark = pytest.mark.django_db

ROLL = "/members/roll/"
MOST = 1_100  # 1,001 are counted where there are more
COUNTIES, BRANCHES = 4, 50  # of each

# Names as they are: few surnames, each at its own place in the order of the roll.
PEOPLE = """
INSERT INTO members_member (
    name, pinyin, initials, sex, ethnic_group, birth_date, education, native_place,
    employer, occupation, title, post, state, branch_id, branch_path, admitted_on,
    full_member_on, enrolled_on, increase, is_floating, floating_to,
    out_of_contact_since, is_retired, is_abroad, is_migrant_worker, notes, created_at,
    updated_at
)
SELECT
    (ARRAY['白','陈','高','孟','王','张'])[1 + n % 6] || chr(19968 + n / 11 % 100)
        || chr(20968 + n / 101 % 100),
    (ARRAY['bai','chen','gao','meng','wang','zhang'])[1 + n % 6]
        || chr(97 + n / 11 % 26) || 'a' || chr(97 + n / 101 % 26) || 'ei',
    (ARRAY['b','c','g','m','w','z'])[1 + n % 6] || chr(97 + n / 11 % 26)
        || chr(97 + n / 101 % 26),
    (1 + n / 31 % 2)::text, CASE WHEN n / 5 % 300 = 0 THEN '22' ELSE '01' END,
    date '1950-01-01' + (n / 3 % 18000), (ARRAY['20','60','70'])[1 + n / 13 % 3], '', '', '',
    '', '', CASE WHEN n / 17 % 25 = 0 THEN 'applicant' WHEN n / 17 % 200 = 1 THEN 'expelled'
            ELSE 'full' END,
    branch.id, branch.path,
    CASE WHEN n / 17 % 25 <> 0 THEN date '1990-01-01' + (n / 7 % 10000) END,
    CASE WHEN n / 17 % 25 <> 0 THEN date '1991-06-01' + (n / 7 % 10000) END,
    '2020-01-01', 'registered', n / 19 % 25 = 3, '', NULL, n / 23 % 10 = 0, n / 29 % 250 = 7, false, '',
    now(), now()
FROM (SELECT id, path, row_number() OVER () AS place FROM members_branch
      WHERE kind = 'branch') AS branch,
    generate_series(1, 100) AS one, LATERAL (SELECT hashint4((one + 1000 * place)::int) & 8388607) AS drawn(n)
"""

PAGES = (
    "",
    "last=1",
    "sex=2&education=20",
    "state=applicant",
    "state=expelled",
    "ethnic_group=22",
    "flags=abroad",
    "flags=floating",
    "age=61-",
    "sort=admitted_on",
    "sort=-admitted_on",
    "sort=full_member_on",
    "sort=birth_date",
    "sort=-birth_date",
    "sort=branch",
    "q=孟",
    "q=上",
    "q=孟上",
    f"q=上{chr(20978)}",
    "q=z",
    "q=meng",
    "q=mengwa",
    "q=zw",
)


@pytest.fixture(scope="module", autouse=True)
def _learn_anew(django_db_setup, django_db_blocker):
    """What ANALYZE learns outlives the transaction of a test."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ANALYZE members_member, members_branch, members_partygroup")


@pytest.fixture
def keepers():
    """The root over 20,000 people, a county of 5,000 and a branch of 100."""
    root = build.committee()
    counties = [build.committee(parent=root) for _ in range(COUNTIES)]
    for county in counties:
        for _ in range(BRANCHES):
            build.branch(parent=county)
    branch = Branch.objects.filter(kind="branch").first()
    users = {
        "root": build.secretary(of=root, home=branch),
        "county": build.secretary(of=counties[0], home=branch),
        "branch": build.secretary(of=branch),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE members_member DISABLE TRIGGER USER")
        cursor.execute(PEOPLE)
        cursor.execute("ALTER TABLE members_member ENABLE TRIGGER USER")
        cursor.execute("ANALYZE members_member, members_branch, members_partygroup")
    return users


# Read more than that, though never more than their own scope (docs/performance.md):
# where a quarter of a scope of 5,000 fits, or a given name is looked for.
MORE = {
    ("county", "age=61-"),
    ("county", "sex=2&education=20"),
    ("county", "q=孟"),
    ("county", "q=上"),
    ("root", "q=上"),
    ("root", "q=孟上"),
}
ALL_OF_A_COUNTY = 5_100


def test_no_list_reads_more_than_a_page_may_cost(client, keepers):
    costly = {}
    for name, user in keepers.items():
        client.force_login(user)
        for query in PAGES:
            limit = ALL_OF_A_COUNTY if (name, query) in MORE else MOST
            most = max(map(rows_of, map(plan, asked(client, f"{ROLL}?{query}"))))
            if most > limit:
                costly[name, query] = most

    assert costly == {}


def asked(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    asked = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in asked if sql.startswith(("SELECT", "("))]


def plan(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        return cursor.fetchone()[0][0]["Plan"]


def rows_of(node):
    """The most rows that any step of a plan takes in hand, those it drops included.

    What an index gives into a bitmap are places, not rows: thousands take no time.
    """
    names = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    most = sum(node.get(name, 0) for name in names) * node["Actual Loops"]
    if node["Node Type"] == "Bitmap Index Scan":
        most = 0
    return max([most, *map(rows_of, node.get("Plans", ()))])
