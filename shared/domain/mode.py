"""What the app may do. Pure."""

from enum import StrEnum


class Mode(StrEnum):
    """What the app may do: nothing, decide and show, or write tags."""

    OFF = "off"
    REPORT = "report"
    ENFORCE = "enforce"
