from django.urls import path

from members.views import accounts

app_name = "members"
urlpatterns = [
    path("sign-in/", accounts.sign_in, name="sign_in"),
    path("sign-out/", accounts.sign_out, name="sign_out"),
    path("account/", accounts.account, name="account"),
    path("account/password/", accounts.password_change, name="password_change"),
    path("account/elder-view/", accounts.elder_view, name="elder_view"),
    path("inbox/", accounts.inbox, name="inbox"),
]
