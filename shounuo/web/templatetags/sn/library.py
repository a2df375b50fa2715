"""The one library that all our tags and filters register with."""

from django import template

register = template.Library()
