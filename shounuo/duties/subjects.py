"""A duty as a thing that events, clocks, files and audit rows hang on."""

from shounuo.duties.queries import SUBJECT

__all__ = ["SUBJECT"]
