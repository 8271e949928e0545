"""What the end of a run means for the next one. Pure."""

from datetime import datetime, timedelta

from poll_partners.waits import MAX_WAIT, back_off
from shared.domain.polling import Cursor
from shared.errors import CredentialRefused, SourceUnavailable, SourceUnreadable, StoreUnavailable


def must_wait(cursor: Cursor, now: datetime) -> bool:
    """Whether the vendor asked to be left alone until later; a clock that was set back does not count."""
    return cursor.not_before is not None and timedelta(0) < cursor.not_before - now <= MAX_WAIT


def succeeded(cursor: Cursor, now: datetime, *, whole: bool) -> Cursor:
    """`cursor` after a run without an error, that read everything there was where it is `whole`."""
    changed: dict[str, object] = {"failures": 0, "odd_runs": 0, "not_before": None}
    return cursor.model_copy(update=changed | ({"last_success_at": now} if whole else {}))


def failed(cursor: Cursor, error: Exception, now: datetime, jitter: float) -> Cursor:
    """`cursor` after a run that ended at `error`: when the vendor is asked again. A store that is away puts
    that off no further; any other fault of ours would be met again a minute later."""
    if isinstance(error, StoreUnavailable):
        return cursor
    failures = cursor.failures + 1
    asked = error.retry_after if isinstance(error, SourceUnavailable) else None
    wait = (
        back_off(failures, jitter, refused=isinstance(error, CredentialRefused))
        if asked is None
        else timedelta(seconds=asked)
    )
    odd = cursor.odd_runs + isinstance(error, SourceUnreadable)
    return cursor.model_copy(update={"failures": failures, "odd_runs": odd, "not_before": now + wait})
