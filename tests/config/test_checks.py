"""What production refuses to start with (OP-01, OP-02), and what it then sends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.checks import refuse_weak

ROOT = Path(__file__).resolve().parents[2]
SOUND = {
    "HTTPS": True,
    "DEBUG": False,
    "DEMO": False,
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    "ALLOWED_HOSTS": ["portal.example", ".branches.example"],
    "CSRF_TRUSTED_ORIGINS": ["https://portal.example"],
    "SECOND_FACTOR": True,
    "PASSWORD_HASH": "sm3",
    "PASSWORD_ROUNDS": 600_000,
}
WEAK = [
    ("DEBUG", True),
    ("DEMO", True),
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "x" * 60),
    ("SECRET_KEY", ""),
    ("ALLOWED_HOSTS", ["*"]),
    ("ALLOWED_HOSTS", ["portal.example", "*.example"]),
    ("ALLOWED_HOSTS", []),
    ("CSRF_TRUSTED_ORIGINS", ["http://portal.example"]),
    ("CSRF_TRUSTED_ORIGINS", ["https://*.example"]),
    ("SECOND_FACTOR", False),
    ("PASSWORD_ROUNDS", 1_000),
]


def test_sound_settings_pass():
    refuse_weak(SimpleNamespace(**SOUND))


@pytest.mark.parametrize(("name", "value"), WEAK)
def test_each_weak_setting_is_refused_by_name(name, value):
    with pytest.raises(ImproperlyConfigured, match=f"^{name} "):
        refuse_weak(SimpleNamespace(**SOUND | {name: value}))

    refuse_weak(SimpleNamespace(**SOUND | {name: value, "HTTPS": False}))


def start(code, **given):
    """Run `code` in a process that has the settings of production."""
    environment = os.environ | {
        "HTTPS": "1",
        "DEMO": "0",
        "DEBUG": "0",
        "SECRET_KEY": SOUND["SECRET_KEY"],
        "ALLOWED_HOSTS": "portal.example",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTEST_VERSION": "",  # not the settings of tests
        "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment | given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_neither_web_nor_worker_starts_with_a_weak_setting():
    web = start("import config.wsgi", DEMO="1", ALLOWED_HOSTS="*")
    worker = start(
        "import config.celery; config.celery.app.loader.import_default_modules()",
        DEBUG="1",
    )

    assert web.returncode != 0
    assert "DEMO is on" in web.stderr
    assert "ALLOWED_HOSTS must name" in web.stderr
    assert worker.returncode != 0
    assert "DEBUG is on" in worker.stderr


ASK = """
import json, django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False, headers={"host": "portal.example"})
page = client.get("/members/sign-in/", secure=True)
plain = client.get("/members/sign-in/")
foreign = client.get("/members/sign-in/", secure=True, headers={"host": "evil.example"})
ready = client.get("/readyz", secure=True)
print(json.dumps({
    "headers": dict(page.headers),
    "cookies": [morsel.OutputString() for morsel in page.cookies.values()],
    "plain": [plain.status_code, plain.headers.get("Location")],
    "foreign": [foreign.status_code, foreign.content.decode()],
    "ready": ready.content.decode(),
}))
"""


def test_what_production_sends():  # IN-05, IN-13, AN-12, OP-03
    done = start(ASK)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    strict = told["headers"]["Strict-Transport-Security"]
    assert strict == "max-age=31536000; includeSubDomains; preload"
    (cookie,) = told["cookies"]
    assert cookie.startswith("__Host-csrftoken=")
    assert {"Path=/", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert told["plain"] == [301, "https://portal.example/members/sign-in/"]
    status, page = told["foreign"]
    assert status == 400
    assert "evil.example" not in page
    assert told["ready"] == "{}"
