"""What belongs to minutes: files, and the parts of an organizational-life meeting."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from activities import access_minutes
from activities.forms.minutes_parts import FileForm, LifeForm
from activities.services import life_meetings, minutes_files
from activities.views.minutes import find_written
from activities.views.pages import done, filled, get_or_post, posted
from members.rates import limited, posting
from members.views.attachments import attachment, sandboxed


def written_page(request, minutes, form, write, page, **context):
    """Save what the form holds by `write`, or show it with what was refused. What is
    signed already is no longer written."""
    if not minutes.is_draft:
        if request.method == "POST":
            messages.error(request, _("These minutes are signed: nothing was saved."))
        return redirect(minutes)
    return filled(
        request,
        page,
        form,
        write,
        _("Saved."),
        request.path if "more" in request.POST else minutes,
        minutes=minutes,
        activity=minutes.activity,
        **context,
    )


@get_or_post
@limited("upload", when=posting)
def file_add(request, pk):
    minutes = find_written(request, pk)
    form = FileForm(posted(request), request.FILES or None)

    def write():
        given = form.cleaned_data
        minutes_files.add(
            minutes,
            given["content"].read(),
            kind=given["kind"],
            caption=given["caption"],
            by=request.user,
        )

    return written_page(request, minutes, form, write, "minutes_file_add")


@require_GET
@sandboxed
def minutes_attachment(request, pk):
    """Hand out a file, to those who may read the minutes."""
    file = get_object_or_404(access_minutes.visible_files(request.user), pk=pk)
    return attachment(bytes(file.content), file.caption, file.format)


@require_POST
def file_remove(request, pk):
    files = access_minutes.written_files(request.user)
    file = get_object_or_404(files.defer("content"), pk=pk)
    return done(
        request,
        file.minutes,
        lambda: minutes_files.remove(file),
        _("The file is taken off the minutes."),
    )


@get_or_post
def life_edit(request, pk):
    """Own problems, criticism and what is corrected, on one page."""
    minutes = find_written(request, pk)
    form = LifeForm(posted(request), minutes=minutes)

    def write():
        life_meetings.save(minutes, form.said(), form.corrections())

    return written_page(request, minutes, form, write, "life_edit")
