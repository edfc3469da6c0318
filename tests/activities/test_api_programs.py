"""Programs by the API: begun, read, and decided step by step (API-01, KIND-01)."""

import pytest
from rest_framework.test import APIClient

from tests import build

pytestmark = pytest.mark.django_db
LIST = "/api/v1/programs/"


def test_a_program_is_begun_read_and_decided():
    branch = build.branch()
    client = APIClient()
    client.force_login(build.secretary(of=branch))
    sent = {"branch": branch.pk, "preset": "revitalization", "starts_on": "2025-01-01"}

    made = client.post(LIST, sent, format="json").json()
    url = f"{LIST}{made['id']}/"
    assert client.post(f"{url}start/").json()["state"] == "under_way"
    indicator = made["indicators"][0]["id"]
    reading = {"indicator": indicator, "on": "2025-03-01", "value": "30"}
    assert client.post(f"{url}readings/", reading, format="json").status_code == 201
    assert [one["value"] for one in client.get(f"{url}readings/").json()] == ["30.00"]

    step = {"step": "review", "on": "2025-02-01", "body": "党员大会"}
    counts = {"yes": 3, "no": 0, "abstain": 0}
    early = client.post(f"{url}steps/", step | counts, format="json")
    assert [one["code"] for one in early.json()["errors"]] == ["too_early"]
    first = step | {"step": "propose"}
    assert client.post(f"{url}steps/", first, format="json").status_code == 201
    assert [one["step"] for one in client.get(f"{url}steps/").json()] == ["propose"]

    stranger = APIClient()
    stranger.force_login(build.secretary(of=build.branch()))
    assert stranger.get(url).status_code == 404
    assert stranger.post(f"{url}steps/", first, format="json").status_code == 404
