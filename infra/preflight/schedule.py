"""The schedule of the sync, as the Functions host reads it (NCRONTAB)."""

import re
from collections.abc import Iterator

from infra.preflight.deployment import Deployment, Obstacle

FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 6),
)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")


def schedule(deployment: Deployment) -> Iterator[Obstacle]:
    """The sync has a schedule of six fields, each within its bounds."""
    given = deployment.value("SYNC_SCHEDULE")
    fields = given.split()
    wrong = [
        f"{name} {field!r} (from {least} to {most})"
        for field, (name, least, most) in zip(fields, FIELDS, strict=False)
        if not _is_within(field, name, least, most)
    ]
    if given and (len(fields) != len(FIELDS) or wrong):
        yield Obstacle(
            f"SYNC_SCHEDULE is {given!r}" + (f": {', '.join(wrong)}" if wrong else ""),
            'expected six fields, seconds first: azd env set SYNC_SCHEDULE "0 */15 * * * *"',
        )


def _is_within(field: str, name: str, least: int, most: int) -> bool:
    names = {"month": MONTHS, "weekday": WEEKDAYS}.get(name, ())
    for number, word in enumerate(names, least):
        field = re.sub(rf"\b{word}\w*", str(number), field, flags=re.IGNORECASE)
    parts = [_PART.fullmatch(part) for part in field.split(",")]
    return all(
        part is not None
        and all(least <= int(number) <= most for number in part.groups()[:2] if number)
        and int(part[1] or least) <= int(part[2] or most)
        and int(part[3] or 1) > 0
        for part in parts
    )
