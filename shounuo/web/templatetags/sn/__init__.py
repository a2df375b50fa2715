"""Tags and filters of our pages: `{% load sn %}`. What each takes stands in its docstring.

Markup that is more than a line lies in templates/components/. Things (clocks, persons, clauses) may be mappings
or objects.
"""

from shounuo.web.templatetags.sn import clocks, figures, lists, marks, timeline, times
from shounuo.web.templatetags.sn.library import register

__all__ = ["clocks", "figures", "lists", "marks", "register", "timeline", "times"]
