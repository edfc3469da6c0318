"""No value of grade G4 lies readable anywhere (CR-01).

A real portal on a data folder of its own goes through every journey that takes or shows
such values; then all its files are searched, and a dump of its database.
"""

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib
from pathlib import Path
from secrets import randbelow

import psycopg2
import pytest
import redis
import requests

from config import embedded, supervisor
from tests import rosters
from tests.build import PASSWORD
from tests.config.test_supervisor import CONFIGURED, await_ready

# Numbers that are drawn, so that nothing else looks like them.
LUCK = randbelow(10**7)
G4 = {
    "phone": f"1397{LUCK:07}",
    "phone of the roster": f"1587{LUCK:07}",
    "phone that was refused": f"9997{LUCK:07}",
    "phone to be": f"1777{LUCK:07}",
    "landline": f"0851-{LUCK + 10**7}",
    "address": f"云溪镇青石村七组{LUCK}号",
    "address of the roster": f"清溪镇桂花路{LUCK}号",
    "address to be": f"白水村九组{LUCK}号",
    "reason of a correction": f"搬家以后换了{LUCK}",
}
NAME = "薛丽华"  # grade G3: found, which shows that the search works

SEED = f"""
import django; django.setup()
from datetime import date
from tests import build, rosters
top, left, right = build.tree()
person = build.member({NAME!r}, branch=left, birth_date=date(1975, 6, 1),
    id_number=rosters.id_number(77), phone={G4["phone"]!r}, landline={G4["landline"]!r},
    address={G4["address"]!r})
build.user("owner", member=person)
secretary = build.secretary(of=left)
print(secretary.username, person.pk, left.pk, left.code)
"""
FULL_PAGES_ARE_COMPRESSED_UNLESS = "ALTER ROLE portal_runner SET wal_compression = off"


@pytest.fixture(scope="module")
def portal():
    """A portal without demonstration data: its address, its place, its environment."""
    folder = Path(tempfile.mkdtemp(prefix="portal-readable-"))
    folder.chmod(0o711)
    (folder / "tmp").mkdir(mode=0o777)
    environment = {k: v for k, v in os.environ.items() if k not in CONFIGURED}
    with socket.create_server((supervisor.HOST, 0)) as free:
        port = free.getsockname()[1]
    environment |= {
        "VAR": str(folder / "var"),
        "PORT": str(port),
        "DEMO": "0",
        "LOG_LEVEL": "DEBUG",
        "SECOND_FACTOR": "0",  # its journey holds no value of a record
        "TMPDIR": str(folder / "tmp"),
        "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }
    running = subprocess.Popen(
        [sys.executable, "-m", "config.supervisor"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        await_ready(running)
        place = embedded.Place.of(folder / "var")
        yield f"http://{supervisor.HOST}:{port}", place, environment
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate()
        shutil.rmtree(place.sockets, ignore_errors=True)
        shutil.rmtree(folder)


def seed(place, environment):
    """People, and the account of a secretary: (username, member, branch, code)."""
    embedded.sql(place, "portal", FULL_PAGES_ARE_COMPRESSED_UNLESS)
    made = subprocess.run(
        [sys.executable, "-c", SEED],
        env=environment
        | place.environment()
        | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()


class Visitor(requests.Session):
    """A browser: it sends the mark against forged forms that it was given."""

    def __init__(self, address):
        super().__init__()
        self.address = address
        self.open("/members/sign-in/")

    def open(self, path):
        answer = self.get(self.address + path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def submit(self, path, fields=None, *, expect=200, **options):
        marks = {
            "X-CSRFToken": self.cookies["csrftoken"],
            "Referer": self.address + path,
        }
        options.setdefault("headers", {}).update(marks)
        method = options.pop("method", "POST")
        answer = self.request(method, self.address + path, data=fields, **options)
        assert answer.status_code == expect, (
            path,
            answer.status_code,
            answer.text[:2000],
        )
        return answer

    def sign_in(self, name, password=PASSWORD):
        self.submit("/members/sign-in/", {"username": name, "password": password})
        return self


def await_text(visitor, path, text):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if text in (page := visitor.open(path)):
            return page
        time.sleep(0.5)
    raise AssertionError(page)


def walk_through(address, secretary, person, branch, code):
    """The journeys: sign-in by phone, import, export, correction, API, own data."""
    Visitor(address).sign_in(G4["phone"], "not the password")
    owner = Visitor(address).sign_in(G4["phone"])
    assert NAME in owner.open("/members/me/")
    asked = owner.submit(
        "/members/me/corrections/add/",
        {
            "field": "phone",
            "proposed": G4["phone to be"],
            "note": G4["reason of a correction"],
        },
    )
    taken = owner.submit("/members/me/data/copy/", {"password": PASSWORD})
    assert taken.json()["parts"]["record"]["rows"][0]["address"] == G4["address"]

    officer = Visitor(address).sign_in(secretary)
    officer.submit(urllib.parse.urlsplit(asked.url).path + "accept/")
    officer.open(f"/members/{person}/history/")
    officer.open(f"/members/roll/?q={G4['phone to be'][-4:]}")
    officer.submit(
        f"/members/{person}/edit/",
        {
            "name": "",
            "phone": G4["phone that was refused"],
            "address": G4["address to be"],
        },
        expect=422,
    )
    url = f"/api/v1/members/{person}/"
    for wanted, status in (
        ({"address": G4["address to be"]}, 200),
        ({"phone": G4["phone that was refused"]}, 400),
    ):
        officer.submit(url, json=wanted, method="PATCH", expect=status)
    new = {"branch": int(branch), "name": "赵新", "ethnic_group": "01", "state": "full"}
    new |= {"applied_on": "2003-01-01", "admitted_on": "2005-07-01"}
    new |= {"full_member_on": "2006-07-01", "id_number": rosters.id_number(88)}
    officer.submit(
        "/api/v1/members/", json=new | {"decided_by": "支部委员会"}, expect=201
    )
    import_and_export(officer, code)


def import_and_export(officer, code):
    rows = [
        rosters.HEADER,
        rosters.person(
            99,
            手机号码=G4["phone of the roster"],
            家庭住址=G4["address of the roster"],
        ),
        rosters.person(98, 手机号码=G4["phone that was refused"]),
    ]
    for content in (rosters.xlsx(rows), rosters.csv_file(rows[:2])):
        sent = officer.submit(
            "/members/imports/add/",
            {"branch": code},
            files={"file": ("名册.xlsx", content)},
        )
        path = urllib.parse.urlsplit(sent.url).path
        await_text(
            officer, path, f"{path}refused/" if content[:2] == b"PK" else "apply/"
        )
    officer.submit(f"{path}apply/", {"confirmed": "1"})
    await_text(officer, "/members/roll/?q=cxm", "陈晓明")
    asked = officer.submit(
        "/members/exports/add/", {"branch": code, "reason": "换届", "format": "csv"}
    )
    path = urllib.parse.urlsplit(asked.url).path
    await_text(officer, path, "download/")
    officer.submit(f"{path}download/")


def shapes_of(text):
    """How `text` may lie in a file: as it is, in hex, in base64, escaped."""
    for raw in {text.encode(), text.encode("utf-16-le"), text.encode("gb18030")}:
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        for shift in range(
            3
        ):  # where the value may begin within a group of three bytes
            coded = base64.b64encode(b"\0" * shift + raw + b"\0\0")
            core = coded[4 if shift else 0 : -4 - (len(raw) + shift) % 3]
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")
    yield json.dumps(text)[1:-1].encode()
    yield urllib.parse.quote(text).encode()


def search(values, files):
    """Which values are found in which files."""
    shapes = {s: name for name, text in values.items() for s in shapes_of(text)}
    any_of = re.compile(b"|".join(re.escape(s) for s in sorted(shapes, key=len)))
    found = set()
    for file in files:
        try:
            content = file.read_bytes()
        except (FileNotFoundError, OSError):
            continue  # gone since, or a socket
        found |= {(shapes[hit], file.name) for hit in any_of.findall(content)}
    return found


def dump(place, into):
    """The database as text and as the archive of a backup, and what the cache holds."""
    binaries, _valkey = embedded.programs(place)
    for form in ("plain", "tar"):
        with (into / f"dump.{form}").open("wb") as file:
            command = [str(binaries / "pg_dump"), "--format", form]
            command += ["--dbname", place.database_url("postgres")]
            subprocess.run(command, stdout=file, check=True)
    with redis.Redis(unix_socket_path=f"{place.sockets}/valkey.sock") as client:
        keys = b"\n".join(
            key + b" " + (client.dump(key) or b"") for key in client.scan_iter()
        )
    (into / "cache").write_bytes(keys)
    with psycopg2.connect(place.database_url("postgres")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT session_data FROM members_session")
        sessions = [row[0] for row in cursor.fetchall()]
    connection.close()
    (into / "sessions").write_text("\n".join(map(unpacked, sessions)))


def unpacked(session):
    """The text of a session as Django keeps it: signed, maybe compressed."""
    body = session.split(":")[0]
    packed = body.startswith(".")
    raw = base64.urlsafe_b64decode(body.lstrip(".") + "==")
    return (zlib.decompress(raw) if packed else raw).decode()


def test_no_sensitive_value_lies_readable(portal, tmp_path):
    address, place, environment = portal
    secretary, person, branch, code = seed(place, environment)

    walk_through(address, secretary, person, branch, code)

    dump(place, tmp_path)
    embedded.sql(place, "postgres", "CHECKPOINT")
    folders = [place.var, Path(environment["TMPDIR"]), place.home, tmp_path]
    files = {f for folder in folders for f in folder.rglob("*") if f.is_file()}
    numbers = {f"ID number {n}": rosters.id_number(n) for n in (77, 88, 99)}
    assert search(G4 | numbers, files) == set()
    # The same search finds what is not sealed: in the tables, the log of changes, a dump.
    names = {name for _value, name in search({"name": NAME}, files)}
    assert {"dump.plain", "dump.tar"} <= names
    assert any(re.fullmatch("[0-9A-F]{24}", name) for name in names), "write-ahead log"
    assert any(name.isdigit() for name in names), "a table"


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda raw: raw,
        lambda raw: raw.hex().encode(),
        lambda raw: base64.b64encode(b"x" + raw + b"yz"),
        lambda raw: base64.urlsafe_b64encode(b"xy" + raw),
        lambda raw: base64.b64encode(raw),
        lambda raw: json.dumps(raw.decode()).encode(),
        lambda raw: urllib.parse.quote(raw.decode()).encode(),
    ],
)
def test_the_search_finds_every_shape(tmp_path, wrapped):
    for value in (G4["address"], rosters.id_number(5), G4["phone"]):
        (tmp_path / "file").write_bytes(
            b"before " + wrapped(value.encode()) + b" after"
        )
        assert search({"it": value}, [tmp_path / "file"]) == {("it", "file")}
