"""Real processes for tests: workers, schedulers and web servers, and how they die.

Every process is one that was started here, is ended by its own id, and is waited for with
a bound.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.shortcuts import resolve_url
from django.test import Client

from config.processes import stop

PATIENCE = 60


def environment_of_tests(**more):
    """What a process needs to work on our database, as the role that serves."""
    place = connection.settings_dict
    return (
        os.environ
        | {
            "DATABASE_URL": f"postgresql://{place['USER']}@/{place['NAME']}"
            f"?host={place['HOST'] or place['OPTIONS'].get('host', '')}",
            "DATABASE_ROLE": "runner",
            "CELERY_TASK_ALWAYS_EAGER": "0",
        }
        | more
    )


@contextlib.contextmanager
def python(*words, pass_fds=(), log=os.devnull, **environment):
    """A Python process of its own session, ended when we leave; it speaks to `log`."""
    with Path(log).open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env=environment_of_tests(**environment),
            cwd=settings.BASE_DIR,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    try:
        yield process
    finally:
        stop(process, signal.SIGTERM)


@contextlib.contextmanager
def worker(queue, *options, pool="solo", **environment):
    """A worker process on our database, with a queue of its own."""
    command = ["celery", "-A", "config", "worker", "--pool", pool, "--queues", queue]
    command += ["--concurrency", "1", "--loglevel", "warning"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with python(*command, *options, **environment) as process:
        yield process


@contextlib.contextmanager
def web(**environment):
    """A web server as in production, with one process; gives its port once it answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port, number = listener.getsockname()[1], listener.fileno()
        command = ["gunicorn", "config.wsgi", "--bind", f"fd://{number}"]
        command += ["--worker-class", "gthread", "--threads", "4"]
        command += ["--no-control-socket", "--workers", "1"]
        with python(*command, pass_fds=[number], **environment) as process:
            wait_until(lambda: process.poll() is not None or answers(port))
            assert process.poll() is None, "the web server does not start"
            yield port


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return b" 200 " in client.recv(100)
    except OSError:
        return False


class Browser:
    """Asks one web server for pages, as `user` where one is named; notes how long the
    slowest took, and keeps the text of the last answer."""

    def __init__(self, port, user=None):
        self.port, self.slowest, self.text = port, 0.0, ""
        self.token = "t" * 32
        self.cookies = f"csrftoken={self.token}"
        if user is not None:
            client = Client()
            client.force_login(user)
            self.cookies += f"; sessionid={client.cookies['sessionid'].value}"

    def ask(self, page, **form):
        """The status of the answer to GET, or to POST where there is something to post.

        page: the name of a route, a path, or what has an address.
        """
        page = resolve_url(page)
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": self.cookies, "Host": "localhost"}
        began = time.monotonic()
        if form:
            body = urlencode(form | {"csrfmiddlewaretoken": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            server.request("POST", page, body, headers)
        else:
            server.request("GET", page, headers=headers)
        answer = server.getresponse()
        self.text = answer.read().decode()
        self.slowest = max(self.slowest, time.monotonic() - began)
        server.close()
        return answer.status


@contextlib.contextmanager
def publishing_to(queue):
    """What this process publishes goes out for real, to a queue that no other test reads."""
    conf = current_app.conf
    before, routes = conf.task_always_eager, conf.task_routes
    conf.task_always_eager, conf.task_routes = False, {"*": {"queue": queue}}
    forget_routes()
    try:
        yield queue
    finally:
        conf.task_always_eager, conf.task_routes = before, routes
        forget_routes()


def forget_routes():
    current_app.amqp.flush_routes()
    current_app.amqp.__dict__.pop("router", None)


def kill(process):
    """End a whole process of ours, children included, without a word (kill -9)."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def child_of(process):
    """The id of the only child of a process of ours."""
    file = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    (pid,) = map(int, file.read_text().split())
    return pid


def wait_until(condition, *, seconds=PATIENCE, each=0.1):
    """Return as soon as `condition()` holds; fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"still not so after {seconds} s")
        time.sleep(each)
