"""Times: aware, kept in UTC, written in one way for programs and in one for people. Pure."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer

DAY = 86_400
"""Seconds of a day."""


def iso_utc(moment: datetime) -> str:
    """`moment` as stored and answered: UTC, always 27 characters, so that text order is time order."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


def in_words(moment: datetime, *, seconds: bool = False) -> str:
    """`moment` as a person reads it: UTC, to the minute, or to the second."""
    return moment.astimezone(UTC).strftime(f"%Y-%m-%d %H:%M{':%S' if seconds else ''} UTC")


Moment = Annotated[
    AwareDatetime,
    AfterValidator(lambda moment: moment.astimezone(UTC)),
    PlainSerializer(iso_utc, when_used="json"),
]
"""An aware time, kept in UTC."""
