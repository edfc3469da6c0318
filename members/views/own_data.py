"""Everything held about oneself, as a file."""

from django.http import JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from members.forms.own_data import OwnDataForm
from members.services import own_data as service


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def own_data(request):
    """Answers with the file itself: it is kept nowhere."""
    form = OwnDataForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        options = {"ensure_ascii": False, "indent": 2}
        answer = JsonResponse(service.take(request.user), json_dumps_params=options)
        name = service.file_name(timezone.localdate())
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    status = 422 if form.errors else 200
    return render(request, "members/own_data.html", {"form": form}, status=status)
