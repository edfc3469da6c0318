"""Wrappers that take markup; leaves that take values are in templates/components/."""

from functools import cache

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
@cache  # thirty stand on a page, always the same
def icon(name):
    """An icon, a line of static/src/icons.txt. Only decoration: what it means is said in
    text beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="{}#{}" /></svg>',
        static("portal/icons.svg"),
        name,
    )


@register.simple_block_tag
def page_header(content, *, title, text="", back_url="", back_label=""):
    """The page's one `<h1>`; the markup inside is its actions, if any."""
    return render_to_string(
        "components/page_header.html",
        {
            "title": title,
            "text": text,
            "back_url": back_url,
            "back_label": back_label,
            "actions": content,
        },
    )


@register.simple_block_tag
def card(
    content, *, title="", text="", id="", action_url="", action_label="", flush=False
):
    """A white box with an optional heading and one link beside it.

    `flush` leaves out the padding, for a table that reaches the edges.
    """
    return render_to_string(
        "components/card.html",
        {
            "content": content,
            "title": title,
            "text": text,
            "id": id,
            "action_url": action_url,
            "action_label": action_label,
            "flush": flush,
        },
    )


@register.simple_block_tag
def dialog(content, *, id, title):
    """A dialog that opens from `<a href="…" data-dialog="{id}">`.

    The link must lead to a page that offers the same, for browsers without scripts.
    """
    return render_to_string(
        "components/dialog.html", {"content": content, "id": id, "title": title}
    )
