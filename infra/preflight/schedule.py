"""The schedules of sync and polling, as the Functions host reads them (NCRONTAB)."""

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
USUAL = {"SYNC_SCHEDULE": "0 */15 * * * *", "POLL_SCHEDULE": "0 */5 * * * *"}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")


def schedule(deployment: Deployment) -> Iterator[Obstacle]:
    """Sync and polling have schedules of six fields, each within its bounds."""
    for name, usual in USUAL.items():
        yield from _schedule(name, deployment.value(name), usual)


def _schedule(setting: str, given: str, usual: str) -> Iterator[Obstacle]:
    fields = given.split()
    wrong = [
        f"{name} {field!r} (from {least} to {most})"
        for field, (name, least, most) in zip(fields, FIELDS, strict=False)
        if not _is_within(field, name, least, most)
    ]
    if given and (len(fields) != len(FIELDS) or wrong):
        yield Obstacle(
            f"{setting} is {given!r}" + (f": {', '.join(wrong)}" if wrong else ""),
            f'expected six fields, seconds first: azd env set {setting} "{usual}"',
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
