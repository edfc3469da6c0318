"""docker-compose.yml: what OP-07 asks of the containers."""

import os
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_no_more_than_its_work(name):
    service = SERVICES[name]

    account, group = service["user"].split(":")
    assert 0 not in (int(account), int(group))
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"privileged", "cap_add", "network_mode", "pid"}.isdisjoint(service)
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}


def test_the_parts_are_those_of_the_design():
    assert set(SERVICES) == {
        *("nginx", "web", "worker", "beat", "postgres", "redis"),
        *("migrate", "keys"),
    }
    lasting = set(SERVICES) - {"migrate", "keys"}
    assert SERVICES["keys"]["profiles"] == ["keys"]
    assert {name for name in SERVICES if "healthcheck" in SERVICES[name]} == lasting


def test_only_nginx_is_reached_from_outside():
    assert {name for name in SERVICES if "ports" in SERVICES[name]} == {"nginx"}
    assert COMPOSE["networks"]["data"] == {"internal": True}
    on_data_alone = [n for n in SERVICES if SERVICES[n]["networks"] == ["data"]]
    assert set(on_data_alone) == {"migrate", "keys", "beat", "postgres", "redis"}
    assert SERVICES["nginx"]["networks"] == ["edge"]


def test_no_secret_is_written_into_the_file():
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            is_secret = any(word in key for word in ("PASSWORD", "SECRET", "URL"))
            if is_secret and key != "PORTAL_URL":  # where everybody opens the portal
                assert key.endswith("_FILE"), (name, key)
                assert Path(value).name in service["secrets"], (name, key)


def test_only_migration_and_keys_know_the_owner_of_the_database():
    knowing = {
        name
        for name, service in SERVICES.items()
        if "database_owner_url" in service.get("secrets", [])
    }

    assert knowing == {"migrate", "keys"}


def test_the_ring_is_a_folder_that_one_service_alone_may_write():  # CR-05, CR-06
    mounts = {
        n: v for n in SERVICES for v in SERVICES[n].get("volumes", []) if "keys" in v
    }

    assert mounts.pop("keys") == "./deploy/keys:/portal/keys"
    assert mounts == dict.fromkeys(
        ("migrate", "web", "worker", "beat"), "./deploy/keys:/portal/keys:ro"
    )
    assert "/deploy/keys/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy/keys" in (ROOT / ".dockerignore").read_text().splitlines()


def test_every_secret_that_is_used_is_named_and_ignored_by_git():
    used = {secret for s in SERVICES.values() for secret in s.get("secrets", [])}

    assert used == set(COMPOSE["secrets"])
    files = {os.path.dirname(secret["file"]) for secret in COMPOSE["secrets"].values()}
    assert files == {"./deploy/secrets"}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy/secrets" in (ROOT / ".dockerignore").read_text().splitlines()
