"""What the pages of an activity share."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from activities import access, pdf
from activities.services import downloads
from members.forms.refusals import add_refusal
from members.views.attachments import attachment

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def managed(request, pk):
    """An activity that the account may plan, or a 404."""
    activities = access.managed_activities(request.user)
    return get_object_or_404(activities.select_related("branch", "party_group"), pk=pk)


def posted(request):
    """What a form is bound to: nothing on GET, and on POST also when all was empty."""
    return request.POST if request.method == "POST" else None


def done(request, to, step, text):
    """Take a step that needs no form, or say why not; either way the page of `to` shows."""
    try:
        step()
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, text)
    return redirect(to)


def form_page(request, page, form, /, **context):
    """The page `page` with its form; 422 once something was refused."""
    context |= {"form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, f"activities/{page}.html", context, status=status)


def filled(request, page, form, write, said, to, /, **context):
    """Call `write` with a sound form, say `said` and go `to`; else show the page `page`
    with the form and what was refused. `said` and `to` may ask for what was written."""
    if form.is_bound and form.is_valid():
        try:
            written = write()
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, said(written) if callable(said) else said)
            return redirect(to(written) if callable(to) else to)
    return form_page(request, page, form, **context)


def paper(request, content, name, *, of, branch):
    """Hand out `content`, a Word file, as what the form asks for, and note it."""
    kind = "pdf" if request.POST.get("format") == "pdf" else "docx"
    if kind == "pdf":
        content = pdf.from_word(content)
    downloads.note(of, branch=branch, by=request.user, kind=kind)
    return attachment(content, name, kind)
