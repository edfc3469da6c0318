"""The API as somebody calls it, and what it refused."""

from rest_framework.test import APIClient


def client_of(user):
    client = APIClient()
    client.force_login(user)
    return client


def post(user, path, body=None):
    return client_of(user).post(f"/api/v1/{path}/", body or {}, format="json")


def refusal(answer):
    assert answer.status_code == 400, answer.content
    return {error["field"]: error["code"] for error in answer.json()["errors"]}
