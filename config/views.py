"""Pages of the portal as a whole: language, health, errors."""

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from members.services import alarms


@require_POST
def set_language(request):
    """Speak another language from now on: a cookie, and the account if there is one."""
    answer = redirect(_own_page(request, request.POST.get("next", "")))
    code = request.POST.get("language")
    if code in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
        if request.user.is_authenticated and request.user.language != code:
            request.user.language = code
            request.user.save(update_fields=["language"])
    return answer


def _own_page(request, url):
    """`url` if it stays on this host (IN-07), else the home page."""
    fine = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if fine and url.startswith("/") else "/"


@require_GET
def healthz(request):
    return HttpResponse("ok", content_type="text/plain")


@require_GET
def readyz(request):
    """200 when database, broker and migrations are ready, else 503.

    Whether a worker lives is told besides, and alarmed of: without one the pages still work.
    Which of them is not is said where `settings.READYZ_DETAILS` is on (OP-03).
    """
    ready = {"database": False, "broker": False, "migrations": False}
    try:
        connection.ensure_connection()
        ready["database"] = True
        executor = MigrationExecutor(connection)
        leaves = executor.loader.graph.leaf_nodes()
        ready["migrations"] = not executor.migration_plan(leaves)
        cache.set("readyz", settings.INSTANCE, 10)
        ready["broker"] = cache.get("readyz") is not None
    except Exception:  # noqa: S110 -- whatever fails, the answer is "not ready"
        pass
    status = 200 if all(ready.values()) else 503
    if status == 200:
        ready["worker"] = alarms.check_worker(now=timezone.now())
    return JsonResponse(ready if settings.READYZ_DETAILS else {}, status=status)


def csrf_failure(request, reason=""):
    return render(request, "403_csrf.html", status=403)
