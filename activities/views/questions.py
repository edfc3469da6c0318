"""The questions of the host, asked at sign-up."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from activities.forms.questions import question_rows
from activities.services import questions
from activities.views.pages import get_or_post, managed, posted


@get_or_post
def activity_questions(request, pk):
    """Rows to fill in, without scripts; one without text is taken out."""
    activity = managed(request, pk)
    rows = question_rows(posted(request), list(activity.questions.all()))
    refusal = None
    if rows.is_bound and rows.is_valid():
        try:
            questions.set_questions(activity, rows.rows())
        except ValidationError as error:
            refusal = error
        else:
            messages.success(request, _("The questions are saved."))
            return redirect(activity)
    wrong = rows.is_bound and (refusal or not rows.is_valid())
    return render(
        request,
        "activities/activity_rows.html",
        {
            "activity": activity,
            "rows": rows,
            "refusal": refusal,
            "heading": _("Questions at sign-up"),
            "text": _(
                "Ask only what you need for the day. Answers are read by you alone and are "
                "wiped thirty days after it."
            ),
            "legend": _("Question"),
            "note": _(
                "A question without text is taken out. One that somebody answered stays "
                "as it is."
            ),
        },
        status=422 if wrong else 200,
    )
