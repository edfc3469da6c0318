"""Two floors below which no page of this kind can go: the same server, driver, database
and people, and nothing of the portal around them.

plain: one indexed query and 25 rows. scoped: the same for those whom an account may see,
with its session, the account and its grants read as every page must.
"""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.shortcuts import render
from django.urls import path
from django.utils.decorators import decorator_from_middleware

from members import access
from members.models import Member

COLUMNS = ("name", "state", "sex", "birth_date", "admitted_on")


def plain(request):
    return page(request, Member.objects.all())


@decorator_from_middleware(SessionMiddleware)
@decorator_from_middleware(AuthenticationMiddleware)
def scoped(request):
    return page(request, access.roll_members(request.user))


def page(request, members):
    rows = members.order_by("pinyin", "pk").only(*COLUMNS)[:25]
    return render(request, "benchmarks/floor.html", {"rows": rows})


urlpatterns = [path("plain/", plain), path("scoped/", scoped)]
