"""What a council lets the people of other councils see."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from boroughs.actions.reference import share_saving
from boroughs.authorization import Permission, check
from boroughs.forms.sharing import SharingForm
from boroughs.queries import find_council, visible_councils
from londonpsn.common import clock


@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request, slug):
    """Ask whether other councils see what the council saves in per cent, and keep the answer."""
    user = request.user
    council = find_council(visible_councils(user), slug=slug)
    check(user, Permission.SAVING_SHARE, council)
    held = {"shares": "yes" if council.shares_saving else "no"}
    form = SharingForm(request.POST if request.method == "POST" else None, initial=held)
    if form.is_valid():
        shares = form.cleaned_data["shares"]
        share_saving(council_id=council.pk, shares=shares, by=user, at=clock.now())
        said = "see" if shares else "do not see"
        messages.success(request, f"Other councils {said} what {council.short_name} saves.")
        return redirect("council", slug=slug)
    context = {
        "council": council,
        "form": form,
        "crumbs": [(council.short_name, reverse("council", args=[slug]))],
    }
    return render(request, "boroughs/sharing.html", context)
