"""Ids that name nobody: what vendors, phones and tools write where there is no id. Pure.

One list for both sides, Intune's and the agents': a placeholder that two phones share would link one to the
other's threats. Seen in public bug reports: Android's `unknown` and `0123456789ABCDEF` (adb and its clients),
the zero GUID (Entra, MDMs), words of BIOS vendors (`To Be Filled By O.E.M.`), and iOS' `02:00:00:00:00:00`.
"""

import operator
import re
from itertools import pairwise

from shared.domain.late import late
from shared.domain.record import MAX_ID

WORDS = frozenset(
    [
        "anonymous",
        "blank",
        "default",
        "defaultstring",
        "deviceid",
        "dummy",
        "emulator",
        "emulator30x1x5x0",
        "empty",
        "error",
        "false",
        "hidden",
        "invalid",
        "missing",
        "na",
        "nan",
        "nil",
        "no",
        "nodata",
        "none",
        "noserial",
        "noserialnumber",
        "novalue",
        "notallowed",
        "notapplicable",
        "notassigned",
        "notenrolled",
        "notmanaged",
        "notregistered",
        "notavailable",
        "notfound",
        "nothing",
        "notprovided",
        "notset",
        "notspecified",
        "notsupported",
        "null",
        "objectobject",
        "pending",
        "permissiondenied",
        "placeholder",
        "private",
        "redacted",
        "restricted",
        "sample",
        "serial",
        "serialnumber",
        "string",
        "systemserialnumb",
        "systemserialnumber",
        "tbd",
        "test",
        "tobefilledbyoem",
        "true",
        "udid",
        "unassigned",
        "unavailable",
        "undefined",
        "unidentified",
        "uninitialized",
        "unknown",
        "unmanaged",
        "unregistered",
        "unspecified",
        "unsupported",
        "uuid",
    ]
)
"""In lower case, without what stands between letters."""
SHARED = frozenset(
    {
        *("020000000000", "9774d56d682e549c", "dead00beef", "deadbeef"),
        *("0123456789abcdef", "1234567890abcdef", "123456789abcdef"),
    }
)
"""Ids that many devices have by a fault of their makers, or of a tool."""
_WHAT = (
    "(?:android|baseboard|board|chassis|device|hardware|id|identifier|imei|mdm|mobile|number|phone|product|serial"
    "|system|udid|uuid)"
)
"""What is not there: a field's own name stands in it, too."""
_PHRASE = late(
    rf"{_WHAT}{{0,30}}(?:(?:none|not?|un|never)(?:yet)?"
    "(?:allowed|applicable|assigned|available|defined|determined|found|initiali[sz]ed|known|present|provided|reported"
    "|set|specified|supported)(?:yet)?"
    rf"|none|null|na|nil|no|invalid|missing|empty|dummy|default|pending|tbd)?{_WHAT}{{0,30}}"
)
"""That a device has none: in the same form as WORDS. No more of what it is than a phrase has room for."""
_MAX_PHRASE = 60
MAX_SERIAL = 16
"""Characters of a serial number; a UDID or a GUID of pairs was made by who hid one."""
MIN_RUN = 4
"""Characters from which on a sequence is one."""

_BETWEEN = re.compile(r"[\W_]+")
_ANONYMOUS = re.compile(r"([a-e])\1{7}(?:-\1{4}){3}-\1{12}")
"""A GUID of one letter: how public records hide an id, which was somebody's. All `f` is a placeholder."""
_ALL_SET = re.compile(r"f{16,}")
_UNEXPANDED = re.compile(r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|%\w+%|[{<][A-Za-z]+(?:[_. -][A-Za-z]+)*[}>]")
"""A variable of an MDM that nobody put a value in."""
_ONE_LETTER = re.compile(r"([g-z])\1{7,}")
"""A letter of no number: of digits, public records make ids that were somebody's."""
_AGAIN = re.compile(r"(..?.?)\1{2,}")
"""Two or three characters, again and again."""
_MASKED = re.compile(r"x{5,}")
_FOLLOWS = dict(
    zip("0123456789abcdefghijklmnopqrstuvwxy", "123456789abcdefghijklmnopqrstuvwxyz", strict=True)
)


def is_placeholder(text: str) -> bool:
    """Whether `text`, in any case and spelling, is one of the words or a phrase like them, a shared id, a
    variable without its value, nothing but zeros or one letter, or an id with every bit set; of a longer one
    than an id may be, whether its beginning is: a message may repeat one for each of its threats."""
    text = text[:MAX_ID]
    plain = _BETWEEN.sub("", text).casefold()
    if plain in WORDS or plain in SHARED or set(plain.removeprefix("0x")) <= {"0"}:
        return True
    if _UNEXPANDED.fullmatch(text.strip()) or _is_twice_a_word(plain):
        return True
    if _ALL_SET.fullmatch(plain) or _ONE_LETTER.fullmatch(plain):
        return True
    return len(plain) <= _MAX_PHRASE and _PHRASE.fullmatch(plain) is not None


def names_nobody(text: str) -> bool:
    """Whether `text` is a placeholder, one character repeated or a sequence; so is one whose parts all are.

    Vendors may count their own devices so; no serial number, UDID or id of an MDM is such a one.
    """
    text = text[:MAX_ID]
    if is_placeholder(text):
        return True
    if _ANONYMOUS.fullmatch(text.strip().lower()):
        return False
    plain = _BETWEEN.sub("", text).casefold()
    parts = [part.casefold() for part in _BETWEEN.split(text) if part]
    again = 2 * MIN_RUN <= len(plain) <= MAX_SERIAL and _AGAIN.fullmatch(plain)
    if again or _MASKED.search(plain):
        return True
    return len(plain) >= MIN_RUN and (_is_run(plain) or all(map(_is_run, parts)))


def _is_twice_a_word(plain: str) -> bool:
    half, odd = divmod(len(plain), 2)
    return not odd and plain[:half] == plain[half:] and plain[:half] in WORDS


def _is_run(part: str) -> bool:
    """One character repeated, or each the one after, or before, the last; 0 also follows 9. So is a
    longer one of pairs: `00112233`."""
    if len(part) >= 2 * MIN_RUN and part[::2] == part[1::2]:
        part = part[::2]
    pairs = pairwise(part)
    begin = next(pairs, None)
    if begin is None:
        return True
    alike = next((relation for relation in _RELATIONS if relation(*begin)), None)
    return alike is not None and all(alike(*pair) for pair in pairs)


def _follows(first: str, second: str) -> bool:
    return _FOLLOWS.get(first) == second or (first == "9" and second == "0")


def _precedes(first: str, second: str) -> bool:
    return _follows(second, first)


_RELATIONS = (operator.eq, _follows, _precedes)
"""Of a character to the next, in a run: the first pair has one of them alone."""
