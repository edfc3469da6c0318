"""What import and export share: files to download, never shown or run (UP-02)."""

from csp.decorators import csp_update
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from members.roster.cells import plain

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
}
# On every view that hands out a file.
sandboxed = csp_update({"sandbox": True})


def attachment(content, name, kind):
    """`content` as a file called `name`.`kind`."""
    response = HttpResponse(content, content_type=KINDS[kind])
    line = " ".join(f"{name}.{kind}".split())  # a name may hold line ends (IN-12)
    header = content_disposition_header(True, line)
    response.headers["Content-Disposition"] = header
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def named_branch(request, branches):
    """The branch of `?branch=<code>`, to be chosen beforehand."""
    return branches.filter(code=plain(request.GET.get("branch", ""))).first()
