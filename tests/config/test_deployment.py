"""docker-compose.yml: what OP-07 asks of the containers."""

import os
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.urls import reverse

from activities.api.files import ActivityMaterialsView
from config.bodies import AROUND_A_FILE

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


def test_the_end_of_the_audit_log_is_kept_where_the_workers_can_write():  # AU-03
    worker = SERVICES["worker"]
    folder, _slash, _name = worker["environment"]["AUDIT_ANCHORS"].rpartition("/")

    assert f"audit:{folder}" in worker["volumes"]
    assert "audit" in COMPOSE["volumes"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"install -d -m 0700 -o portal -g portal {folder}" in dockerfile


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


# --- nginx ------------------------------------------------------------------------------
NGINX = (ROOT / "deploy" / "nginx" / "portal.conf").read_text()


def directives(name):
    """What each use of a directive says."""
    return re.findall(rf"^\s*{name}\s+([^;]+);", NGINX, re.M)


def test_only_new_tls_is_spoken():
    assert directives("ssl_protocols") == ["TLSv1.2 TLSv1.3"]
    (ciphers,) = directives("ssl_ciphers")
    assert all(c.startswith("ECDHE-") for c in ciphers.split(":"))
    assert not re.search("CBC|SHA$|SHA:|RC4|DES|NULL|MD5", ciphers)


def test_no_body_is_written_to_a_disk():  # CR-01
    assert directives("client_body_buffer_size") == directives("client_max_body_size")
    most = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    largest = max(
        int(size.removesuffix("m")) for size in directives("client_max_body_size")
    )
    assert most <= largest * 1024 * 1024
    assert directives("proxy_max_temp_file_size") == ["0"]
    memory = SERVICES["nginx"]["deploy"]["resources"]["limits"]["memory"]
    uploads = int(re.search(r"limit_conn uploads (\d+)", NGINX)[1])
    assert uploads * largest < int(memory.removesuffix("M"))


def test_files_pass_where_the_portal_takes_them_and_nowhere_else():  # IN-11
    ((shape, size),) = re.findall(
        r'location ~ "([^"]+)" \{\s*client_max_body_size (\d+)m;', NGINX
    )

    def passes(name):
        return bool(re.search(shape, reverse(name, args=[12])))

    pages = ("material_add", "minutes_file_add", "program_photo_add")
    routes = ("activity-materials", "minutes-files", "program-photos")
    assert all(passes(f"activities:{name}") for name in pages)
    assert all(passes(f"api-v1:{name}") for name in routes)
    assert not passes("activities:material_file")
    assert not passes("api-v1:minutes-detail")
    assert int(size) << 20 >= ActivityMaterialsView.most_bytes + AROUND_A_FILE


def test_nobody_claims_to_be_somebody_else():  # AN-03
    assert "X-Forwarded-For $remote_addr" in NGINX
    assert "X-Forwarded-Proto https" in NGINX
    assert SERVICES["web"]["environment"]["PROXIES"] == "1"


def test_slow_and_many_requests_are_let_go():  # OP-08, RL-16
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert [int(text.removesuffix("s")) <= 30 for text in directives(name)] == [
            True
        ]
    assert directives("limit_req")
    assert directives("limit_conn")
    assert set(directives("limit_req_status")) == {"429"}


def test_no_log_holds_what_was_searched_for():
    assert "$request " not in NGINX
    assert "$args" not in NGINX
    (chosen,) = [w for w in SERVICES["web"]["command"] if "access-logformat" in w]
    assert "%(U)s" in chosen
    assert not re.search(r"%\((r|q|f)\)s", chosen)


# --- database and broker ----------------------------------------------------------------
def test_database_and_broker_ask_for_passwords_that_show_nowhere():  # OP-07
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"]
    assert "requirepass $$(cat /run/secrets/redis_password)" in str(
        SERVICES["redis"]["command"]
    )
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["data"]
        assert "ports" not in SERVICES[name]
        assert "expose" not in SERVICES[name]


def test_the_image_runs_without_root_and_says_what_it_is_made_of():  # OP-04, OP-07
    image = (ROOT / "Dockerfile").read_text()

    assert re.search(r"^USER 10001:10001$", image, re.M)
    assert "deploy/make_sbom.py > sbom.json" in image
    assert "pip uninstall" in image


def test_no_container_mounts_more_than_its_files_to_read():
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source, _colon, rest = mount.partition(":")
            if source.startswith(".") and name != "keys":  # which turns the key ring
                assert rest.endswith(":ro"), (name, mount)
            assert "docker.sock" not in mount
