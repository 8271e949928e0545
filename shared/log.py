"""The closed list of log events: alert rules and workbooks search for these names and no others.

A line reads `event key=value …`; ids in it are those of devices, agents, reports and, where an admin acted,
of that admin; never of a phone's user.
"""

import logging
import pathlib
import traceback
from enum import StrEnum

_log = logging.getLogger("mtd")
NOISY = ("azure", "httpx", "httpcore")
"""Loggers of the SDKs that log every request, with its address: ids, at a line a call."""


class LogEvent(StrEnum):
    """What can be worth a line."""

    REPORTS_ACCEPTED = "reports_accepted"
    REPORT_REFUSED = "report_refused"
    REPORTS_PUT_OFF = "reports_put_off"
    NOT_AUTHENTIC = "not_authentic"
    READ_BY_KEY = "read_by_key"
    KEYS_UNAVAILABLE = "keys_unavailable"
    DEAD_LETTER = "dead_letter"
    DEAD_LETTERS_BOUNDED = "dead_letters_bounded"
    DEAD_LETTER_REDRIVEN = "dead_letter_redriven"
    UNKNOWN_WORD = "unknown_word"
    AGENT_LINKED = "agent_linked"
    AGENT_MOVED = "agent_moved"
    AGENT_UNLINKED = "agent_unlinked"
    AGENT_PRUNED = "agent_pruned"
    GROUP_UNKNOWN = "group_unknown"
    FILTERS_UNREAD = "filters_unread"
    RULE_REMARK = "rule_remark"
    DEVICE_GONE = "device_gone"
    DEVICE_PURGED = "device_purged"
    INVENTORY_PURGED = "inventory_purged"
    DECISION_CHANGED = "decision_changed"
    MASS_CHANGE_STOPPED = "mass_change_stopped"
    MASS_CHANGE_APPROVED = "mass_change_approved"
    FOLLOWED_UP = "followed_up"
    FOLLOW_UP_PENDING = "follow_up_pending"
    FOLLOW_UP_REFUSED = "follow_up_refused"
    TAG_WRITTEN = "tag_written"
    TAG_PENDING = "tag_pending"
    TAG_FOREIGN = "tag_foreign"
    TAG_DRIFTED = "tag_drifted"
    NEWER_REGISTRATION = "newer_registration"
    OVERRIDDEN = "overridden"
    TAGS_RELEASED = "tags_released"
    ACCESS_NOT_REFUSED = "access_not_refused"
    ACCESS_NOT_WATCHED = "access_not_watched"
    ACCESS_REFUSED = "access_refused"
    SIGN_IN_UNEXPECTED = "sign_in_unexpected"
    WHAT_IF_AWAY = "what_if_away"
    CANARY_MISSED = "canary_missed"
    CANARY_RETURNED = "canary_returned"
    PARTNER_UNRESPONSIVE = "partner_unresponsive"
    PARTNER_NEVER_CLEAN = "partner_never_clean"
    FEED_READ = "feed_read"
    FEED_RETRIED = "feed_retried"
    SYNC_STEP_FAILED = "sync_step_failed"
    SYNC_STEP_RETRIED = "sync_step_retried"
    SYNC_FINISHED = "sync_finished"
    SYNC_SKIPPED = "sync_skipped"
    SYNC_OVERTAKEN = "sync_overtaken"
    POLL_FINISHED = "poll_finished"
    POLL_FAILED = "poll_failed"
    POLL_GAP = "poll_gap"
    POLL_OVERTAKEN = "poll_overtaken"
    POLL_CLOCK = "poll_clock"
    CREDENTIAL_EXPIRES = "credential_expires"
    DEVICES_COUNTED = "devices_counted"
    ODD_FIELD = "odd_field"
    UNEXPECTED = "unexpected"


_LEVELS = {
    LogEvent.REPORT_REFUSED: logging.WARNING,
    LogEvent.REPORTS_PUT_OFF: logging.WARNING,
    LogEvent.NOT_AUTHENTIC: logging.WARNING,
    LogEvent.KEYS_UNAVAILABLE: logging.ERROR,
    LogEvent.DEAD_LETTER: logging.ERROR,
    LogEvent.DEAD_LETTERS_BOUNDED: logging.WARNING,
    LogEvent.UNKNOWN_WORD: logging.WARNING,
    LogEvent.AGENT_UNLINKED: logging.WARNING,
    LogEvent.AGENT_PRUNED: logging.WARNING,
    LogEvent.GROUP_UNKNOWN: logging.WARNING,
    LogEvent.FILTERS_UNREAD: logging.WARNING,
    LogEvent.RULE_REMARK: logging.WARNING,
    LogEvent.MASS_CHANGE_STOPPED: logging.ERROR,
    LogEvent.MASS_CHANGE_APPROVED: logging.WARNING,
    LogEvent.FOLLOW_UP_PENDING: logging.WARNING,
    LogEvent.FOLLOW_UP_REFUSED: logging.ERROR,
    LogEvent.TAG_PENDING: logging.WARNING,
    LogEvent.TAG_FOREIGN: logging.ERROR,
    LogEvent.TAG_DRIFTED: logging.WARNING,
    LogEvent.NEWER_REGISTRATION: logging.WARNING,
    LogEvent.OVERRIDDEN: logging.WARNING,
    LogEvent.TAGS_RELEASED: logging.WARNING,
    LogEvent.ACCESS_NOT_REFUSED: logging.WARNING,
    LogEvent.ACCESS_NOT_WATCHED: logging.WARNING,
    LogEvent.SIGN_IN_UNEXPECTED: logging.WARNING,
    LogEvent.WHAT_IF_AWAY: logging.WARNING,
    LogEvent.CANARY_MISSED: logging.ERROR,
    LogEvent.PARTNER_UNRESPONSIVE: logging.WARNING,
    LogEvent.PARTNER_NEVER_CLEAN: logging.WARNING,
    LogEvent.FEED_RETRIED: logging.WARNING,
    LogEvent.SYNC_STEP_FAILED: logging.ERROR,
    LogEvent.SYNC_SKIPPED: logging.WARNING,
    LogEvent.SYNC_OVERTAKEN: logging.ERROR,
    LogEvent.POLL_FAILED: logging.WARNING,
    LogEvent.POLL_GAP: logging.ERROR,
    LogEvent.POLL_OVERTAKEN: logging.WARNING,
    LogEvent.POLL_CLOCK: logging.WARNING,
    LogEvent.CREDENTIAL_EXPIRES: logging.WARNING,
    LogEvent.ODD_FIELD: logging.WARNING,
    LogEvent.UNEXPECTED: logging.ERROR,
}


def level(event: LogEvent) -> int:
    """The severity the list gives `event`: information where it gives none."""
    return _LEVELS.get(event, logging.INFO)


def log_event(event: LogEvent, **details: object) -> None:
    """Write one line for `event`, at the severity the list gives it."""
    words = " ".join(f"{key}={_plain(value)}" for key, value in details.items())
    _log.log(level(event), "%s %s", event.value, words)


def place(error: BaseException) -> str:
    """An error by its kind and place; its text could quote a document."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {pathlib.PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def quiet_sdks() -> None:
    """Let the SDKs speak from warnings on; the closed list above says what the app does."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _plain(value: object) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in str(value)[:300])
