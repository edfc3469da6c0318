"""Middleware that concerns every app."""

from django.conf import settings
from django.utils import translation
from django.utils.cache import patch_vary_headers


def chosen_language(get_response):
    """Speak the language the person chose, else the default: never guess it.

    The choice is a cookie, so it holds before sign-in too.
    """
    codes = dict(settings.LANGUAGES)

    def middleware(request):
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        code = chosen if chosen in codes else settings.LANGUAGE_CODE
        translation.activate(code)
        request.LANGUAGE_CODE = code
        response = get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Cookie"])
        return response

    return middleware


def private_pages(get_response):
    """Forbid every cache to keep a page, so Back after sign-out shows nothing (IN-05)."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if settings.INSTANCE:
            response.headers["X-Portal-Instance"] = settings.INSTANCE
        return response

    return middleware
