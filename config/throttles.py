"""How many requests the API takes, by account and by address (OP-08)."""

from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from members.origin import client_address
from members.rates import Limit, posting, wait_for, wait_of


class WindowThrottle(SimpleRateThrottle):
    """At most so many requests in a window; `scope` names the rate in the settings."""

    def get_rate(self):
        return api_settings.DEFAULT_THROTTLE_RATES.get(self.scope)

    def allow_request(self, request, view):
        who = self.who(request)
        if self.rate is None or who is None:
            return True
        limit = Limit(self.scope, who, self.num_requests, self.duration)
        self.seconds_left = wait_for(limit)
        return not self.seconds_left

    def wait(self):
        return self.seconds_left


class AccountThrottle(WindowThrottle):
    scope = "account"

    def who(self, request):
        return request.user.pk if request.user else None


class AddressThrottle(WindowThrottle):
    """By the address of the connection, or what our own proxies say it is."""

    scope = "address"

    def who(self, request):
        return client_address(request)


class UploadThrottle(BaseThrottle):
    """Files sent by the API count with those sent on the pages."""

    def allow_request(self, request, view):
        self.seconds_left = wait_of("upload", request) if posting(request) else 0
        return not self.seconds_left

    def wait(self):
        return self.seconds_left
