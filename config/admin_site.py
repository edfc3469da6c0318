"""The site of the administration: entered and left through the portal's own pages."""

from functools import update_wrapper
from ipaddress import ip_address

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from unfold.sites import UnfoldAdminSite

from config.shell import SITE_NAME
from members.grades import OWN_APPS
from members.origin import client_address
from members.rates import asking, limited
from members.views import sign_in

# What the pages of the administration need beyond the policy of all others, and why:
# docs/decisions/0002-admin-csp.md.
POLICY = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src-elem": [SELF],
    "style-src-attr": [UNSAFE_INLINE],
}


class PortalAdminSite(UnfoldAdminSite):
    site_title = site_header = SITE_NAME

    def register(self, model_or_iterable, admin_class=None, **options):
        """Only the portal's own tables: rights come from offices, never from groups."""
        models = model_or_iterable
        if isinstance(models, type):
            models = [models]
        own = [model for model in models if model._meta.app_label in OWN_APPS]
        super().register(own, admin_class, **options)

    def get_urls(self):
        """Without "view on site", which tells whether any record exists (AZ-03)."""
        found = super().get_urls()
        return [url for url in found if getattr(url, "name", "") != "view_on_site"]

    def has_permission(self, request):
        """Administrators, and staff who hold an office today (AZ-07)."""
        return request.user.has_module_perms("members")

    def admin_view(self, view, cacheable=False):
        """What one may not see does not exist, here as elsewhere."""
        guarded = csp_update(POLICY)(super().admin_view(view, cacheable))

        def inner(request, *args, **kwargs):
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            if not is_near(request):
                raise Http404
            if holds_nul(request.GET) or holds_nul(request.POST):
                raise BadRequest("NUL")  # the database takes none (IN-11)
            try:
                return guarded(request, *args, **kwargs)
            except PermissionDenied:
                raise Http404 from None

        return update_wrapper(inner, view)

    def each_context(self, request):
        # The colors are in a style sheet: in the page the policy would refuse them.
        mark = {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": static("portal/mark.svg"),
        }
        return {
            **super().each_context(request),
            "colors": {},
            "styles": [static("admin/portal.css")],
            "scripts": [static("admin/portal.js")],
            "site_favicons": [mark],
        }

    def search(self, request, extra_context=None):
        """Its results would be kept for minutes, whatever rights end meanwhile."""
        raise Http404

    @method_decorator(limited("search", when=asking("term")))
    def autocomplete_view(self, request):
        """A field to search in is a search like any other (OP-08)."""
        return super().autocomplete_view(request)

    def login(self, request, extra_context=None):
        """The portal's own sign-in, which leads back here."""
        target = request.GET.get("next") or request.path.removesuffix("login/")
        return redirect(
            f"{redirect('members:sign_in').url}?{urlencode({'next': target})}"
        )

    def logout(self, request, extra_context=None):
        return sign_in.sign_out(request)

    def password_change(self, request, extra_context=None):
        return redirect("members:password_change")

    def password_change_done(self, request, extra_context=None):
        return redirect("members:account")


def is_near(request):
    """Whether it comes from where the administration may be entered (OP-03)."""
    networks, address = settings.ADMIN_NETWORKS, client_address(request)
    return not networks or any(
        ip_address(address) in network for network in networks if address
    )


def holds_nul(sent):
    """Whether a value of a QueryDict holds the character that PostgreSQL has not."""
    return any("\0" in text for _name, texts in sent.lists() for text in texts)
