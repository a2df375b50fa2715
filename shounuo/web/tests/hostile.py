"""Finds in a page what a browser would run or load and no page of ours writes by itself."""

from __future__ import annotations

from html.parser import HTMLParser

from django.http import HttpResponse

NEVER = {"style", "object", "embed", "base", "math", "mglyph", "mtext", "foreignobject"}
LEADS = {"href", "src", "action", "formaction", "xlink:href"}


class Markup(HTMLParser):
    """Gathers in `hostile` each element and attribute that a browser would run, or would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.hostile: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in NEVER or (tag == "meta" and "http-equiv" in values):
            self.hostile.append(tag)
        is_data = values.get("type") == "application/json"
        if tag == "script" and not is_data and not values.get("src", "").startswith("/static/"):
            self.hostile.append(tag)
        if tag == "iframe":  # ours shows a mail, from an address of our own and without rights
            ours = values.get("src", "").startswith("/") and "sandbox" in values
            if not ours or "allow-scripts" in values["sandbox"]:
                self.hostile.append(tag)
        for name, value in values.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.hostile.append(f"{tag} {name}")
            leads_away = value.strip().lower().startswith(("javascript", "data:", "//", "vbscript"))
            is_picture = tag == "img" and value.startswith("data:image/")  # that came with a mail
            if name in LEADS and leads_away and not is_picture:
                self.hostile.append(f"{tag} {value}")


def hostile_in(answer: HttpResponse) -> list[str]:
    """What is hostile in the page; nothing in one that only shows what people wrote."""
    markup = Markup()
    markup.feed(answer.content.decode())
    return markup.hostile
