"""Which rows of a vendor's list are news, and who is not in it any more.

A list of 100,000 phones is read every hour, and hardly a row of it says anything new: of each is kept what it
said, in a few documents, and only what differs goes on its way.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from poll_partners.source import Row
from shared.domain.polling import Listed


@dataclass(frozen=True)
class Compared:
    """What a list that was read to its end comes to."""

    news: tuple[Row, ...]
    """Rows that go on their way, in the order of the list."""
    kept: Mapping[str, Listed]
    """What is kept of every device from now on."""
    put_off: int
    """Rows that are news too, but that were read without their content: they are news again next time."""
    vanished: int
    """Devices that are known and not in the list: that is shown, and frees nobody. Where of a vendor's group
    nobody is in it, its key may not see that group any more, and nothing is said."""


def is_news(row: Row, before: Listed | None, threatened: Collection[str], *, daily: bool) -> bool:
    """Whether a row goes on its way: it is new or says something else; or has what the list does not give,
    and had not; or it calls a device clean again that has something open here, or is raised, since what ended
    that may have been missed; or, where silent agents are looked at (`daily`), the agent was in contact on
    another day."""
    if before is None or before.said != row.said or before.gone_on is not None:
        return True
    if row.is_complete and not before.is_complete:
        return True
    if row.is_clean and row.changed != before.changed and row.device in threatened:
        return True
    return daily and row.seen_on != before.seen_on


def compared(
    rows: Iterable[Row],
    before: Mapping[str, Listed],
    threatened: Collection[str],
    today: date,
    *,
    daily: bool,
    missed: int = 1,
) -> Compared:
    """Compare a list that was read to its end with what is kept of the last one. A device is gone once so
    many lists in a row (`missed`) have not held it."""
    news, kept, put_off = [], {}, 0
    groups: set[str | None] = {None}
    for row in rows:
        known = before.get(row.device)
        groups.add(row.group)
        if is_news(row, known, threatened, daily=daily):
            if row.content is None:
                put_off += 1
                if known is not None:
                    kept[row.device] = known.model_copy(update={"missed": 0})
                continue
            news.append(row)
        # Of the others no time is kept: it changes all day, and would have every part written each time.
        changed = row.changed if row.device in threatened else None
        is_complete = row.is_complete or (known is not None and known.is_complete)
        kept[row.device] = Listed(
            said=row.said, seen_on=row.seen_on, changed=changed, group=row.group, is_complete=is_complete
        )
    others = {device: known for device, known in before.items() if device not in kept}
    missing = {
        device: _missing(known, today, missed) for device, known in others.items() if known.group in groups
    }
    vanished = sum(known.gone_on is not None for known in missing.values())
    return Compared(tuple(news), {**others, **kept, **missing}, put_off, vanished)


def _missing(known: Listed, today: date, missed: int) -> Listed:
    if known.gone_on is not None:
        return known
    gone_on = today.isoformat() if known.missed + 1 >= missed else None
    return known.model_copy(update={"missed": known.missed + 1, "gone_on": gone_on})
