from django.urls import path

from members.views import (
    access_reasons,
    accounts,
    branch_changes,
    branch_tree,
    branches,
    corrections,
    groups,
    member_accounts,
    offices,
    records,
    roll,
    tokens,
)

app_name = "members"
urlpatterns = [
    path("sign-in/", accounts.sign_in, name="sign_in"),
    path("sign-out/", accounts.sign_out, name="sign_out"),
    path("account/", accounts.account, name="account"),
    path("account/password/", accounts.password_change, name="password_change"),
    path("account/elder-view/", accounts.elder_view, name="elder_view"),
    path("account/tokens/", tokens.token_list, name="token_list"),
    path("account/tokens/add/", tokens.token_add, name="token_add"),
    path("account/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("inbox/", accounts.inbox, name="inbox"),
    path("branches/", branch_tree.branch_tree, name="branch_tree"),
    path("branches/<int:pk>/", branches.branch_detail, name="branch_detail"),
    path(
        "branches/<int:pk>/children/",
        branch_tree.branch_children,
        name="branch_children",
    ),
    path("branches/<int:pk>/add/", branch_changes.branch_add, name="branch_add"),
    path("branches/<int:pk>/edit/", branch_changes.branch_edit, name="branch_edit"),
    path("branches/<int:pk>/move/", branch_changes.branch_move, name="branch_move"),
    path("branches/<int:pk>/close/", branch_changes.branch_close, name="branch_close"),
    path("branches/<int:pk>/terms/add/", branch_changes.term_add, name="term_add"),
    path("branches/<int:pk>/groups/add/", groups.group_add, name="group_add"),
    path("branches/groups/<int:pk>/edit/", groups.group_edit, name="group_edit"),
    path(
        "branches/groups/<int:pk>/dissolve/",
        groups.group_dissolve,
        name="group_dissolve",
    ),
    path("branches/<int:pk>/appoint/", offices.appointment_add, name="appointment_add"),
    path("appointments/<int:pk>/end/", offices.appointment_end, name="appointment_end"),
    path(
        "branches/<int:pk>/access/", access_reasons.branch_access, name="branch_access"
    ),
    path("<int:pk>/access/", access_reasons.member_access, name="member_access"),
    path("roll/", roll.roll, name="roll"),
    path("add/", records.member_add, name="member_add"),
    path("me/", records.member_self, name="member_self"),
    path("me/corrections/add/", corrections.correction_ask, name="correction_ask"),
    path("corrections/", corrections.correction_list, name="correction_list"),
    path(
        "corrections/<int:pk>/",
        corrections.correction_detail,
        name="correction_detail",
    ),
    path(
        "corrections/<int:pk>/accept/",
        corrections.correction_accept,
        name="correction_accept",
    ),
    path(
        "corrections/<int:pk>/decline/",
        corrections.correction_decline,
        name="correction_decline",
    ),
    path(
        "corrections/<int:pk>/withdraw/",
        corrections.correction_withdraw,
        name="correction_withdraw",
    ),
    path("<int:pk>/", records.member_detail, name="member_detail"),
    path("<int:pk>/edit/", records.member_edit, name="member_edit"),
    path("<int:pk>/state/", records.member_state, name="member_state"),
    path("<int:pk>/history/", records.member_history, name="member_history"),
    path("<int:pk>/account/open/", member_accounts.account_open, name="account_open"),
    path(
        "<int:pk>/account/reset/", member_accounts.account_reset, name="account_reset"
    ),
    path(
        "<int:pk>/account/switch/",
        member_accounts.account_switch,
        name="account_switch",
    ),
]
