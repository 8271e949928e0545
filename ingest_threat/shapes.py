"""What is secret or personal by its shape, wherever in a text it stands. Pure.

Masking twice changes nothing. Every pattern is linear, and of a long text the first MAX_JUDGED characters
are judged, and half of them kept. Most texts are words, ids and times, and hold nothing of the kind: a
pattern looks only where its shape is possible (`_Shape`).
"""

import re
from collections.abc import Callable, Iterable
from itertools import cycle
from typing import NamedTuple

from shared.domain.late import late

REDACTED = "[redacted]"
MAX_JUDGED = 8000
"""Characters by which a text is judged; of a longer one the beginning is kept, and how long it was."""


class _Shape(NamedTuple):
    """A pattern, and a hint: what stands in every ASCII text that the pattern fits, whatever is around it, so
    that without it the pattern need not look. Of other texts a hint says nothing: without regard to case,
    letters that are no ASCII are taken for some that are."""

    pattern: re.Pattern[str]
    hint: re.Pattern[str]

    def is_possible(self, text: str) -> bool:
        """Whether it may fit somewhere in `text`, or in a part of it."""
        return self.hint.search(text) is not None or not text.isascii()

    def fits(self, text: str) -> bool:
        """Whether it fits somewhere in `text`."""
        if self.hint.search(text) is None and text.isascii():
            return False
        return self.pattern.search(text) is not None

    def found(self, text: str) -> Iterable[re.Match[str]]:
        """Wherever in `text` it fits."""
        return self.pattern.finditer(text) if self.is_possible(text) else ()

    def sub(self, replacement: str | Callable[[re.Match[str]], str], text: str) -> str:
        """`text` with `replacement` wherever it fits."""
        if self.hint.search(text) is None and text.isascii():
            return text
        return self.pattern.sub(replacement, text)


def _shape(pattern: str, hint: str, flags: re.RegexFlag = re.IGNORECASE) -> _Shape:
    return _Shape(late(pattern, flags), late(hint))


def _any_case(*words: str) -> str:
    """A hint of words. It is of sets of letters, which are found far sooner than letters in any case."""
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)


_HEX_DIGIT = "[0-9A-Fa-f]"
_TWO, _FOUR, _SIX = (_HEX_DIGIT * number for number in (2, 4, 6))

_EMAIL = r"(?<![\w.+-])[\w.+-]+(?:[@\uff20\ufe6b]|%(?:25){0,3}40)[\w-]{1,63}(?:[.\uff0e][\w-]{1,63}){1,8}"
_IMEI = r"(?<![\w-])[0-9]{2}([- ])[0-9]{6}\1[0-9]{6}(?:\1?[0-9]{1,2})?(?![\w-])"
_MEID = r"(?<![\w-])[A-F][0-9A-F](?:([- ])[0-9A-F]{6}\2[0-9A-F]{6}(?:\2[0-9A-F])?|[0-9A-F]{12,13})(?![\w-])"
_PERSONAL = _shape(
    rf"{_EMAIL}|{_IMEI}|{_MEID}",
    f"[@%]|[0-9][0-9][- ][0-9]{{6}}[- ]|[A-Fa-f]{_HEX_DIGIT}(?:[- ]{_SIX}[- ]|{_HEX_DIGIT}{{12}})",
)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_LONG = _shape("[0-9]{15,}", "[0-9][0-9]{14}")
_FIFTEEN = re.compile(r"(?<![0-9])[0-9]{15}(?![0-9])")
_WHEREABOUTS = _shape(
    r"(?<!\w)(?<!\b[0-9A-F]{2}[:-])[0-9A-F]{2}([:-])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}(?!\w|[:-]\w)"
    r"|(?<![\w.])(?:[0-9A-F]{4}\.){2}[0-9A-F]{4}(?![\w-]|\.\w)"
    r"|(?<![\w.+])\+[1-9][0-9]{7,14}(?![0-9])"
    # In groups; but +1000 before a year is a time's zone.
    r"|(?<![\w.+])\+(?!1[0-4][0-5][0-9](?![0-9]))(?=(?:[^\w]{0,3}[0-9]){8})[1-9][0-9]{0,2}"
    r"(?:[ ./-]{1,2}(?:\([0-9]{1,5}\)[ -]?)?[0-9]{1,12}){1,6}(?![0-9])"
    r"|(?:(?<!\w)|(?<=%[0-9A-F]{2}))[0-9A-F]{2}(%(?:25){0,3}(?:3A|2D))(?:[0-9A-F]{2}\2){4}[0-9A-F]{2}"
    r"(?![0-9A-Z])",
    rf"%|\+[1-9]|{_TWO}([:-]){_TWO}\1{_TWO}\1|{_FOUR}\.{_FOUR}\.",
)
"""MAC addresses, percent-encoded ones too, and international phone numbers."""
_DEGREES = "[+-]?[0-9]{1,3}(?:[.][0-9]{1,20})?"
_EXACT = "[+-]?[0-9]{1,3}[.][0-9]{4,20}"
_PLACE = _shape(
    rf"{_EXACT}(?:, {{0,2}}|%2C){_EXACT}"
    rf"|(?<![\w.+-]){_EXACT}(?:; ?|/| {{1,3}}|(?=[+-])){_EXACT}(?![\w.])"
    r"|(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,20})? ?\u00b0 ?(?:[0-9]{1,2}(?:\.[0-9]{1,20})? ?['\u2032\u2019] ?)?"
    r"(?:[0-9]{1,2}(?:\.[0-9]{1,20})? ?(?:[\"\u2033\u201d]|'') ?)?[NSEW]\b"
    rf"|(?<![A-Z])geo:{_DEGREES}(?:,|%2C){_DEGREES}(?:(?:,|%2C){_DEGREES})?(?:;[\w=.-]{{1,40}}){{0,4}}",
    f"[0-9][.][0-9]{{4}}|{_any_case('geo')}:",
)
"""Coordinates by themselves: a pair of numbers with four places, degrees with N, S, E or W, a geo URI."""
_NAMED_PLACE = _shape(
    r"((?<![A-Z])(?:lat(?:itude)?|lng|lon(?:gitude)?|long(?=[\\\"']{0,4}\s{0,2}[:=]))"
    r"[\\\"']{0,4}\s{0,2}[:=]?\s{0,2}[\\\"']{0,4})[+-]?[0-9]{1,3}[.,][0-9]{1,20}",
    rf"(?:{_any_case('lat', 'lng', 'lon')})[A-Za-z]{{0,6}}"
    r"[\\\"']{0,4}\s{0,2}[:=]?\s{0,2}[\\\"']{0,4}[+-]?[0-9]",
)
"""One by its name in a text: `lat: 48.2`, `longitude 16,4`."""
_NAMED_PAIR = _shape(
    r"((?<![A-Z])(?:gps|location|position|coord(?:inate)?s?)[\\\"']{0,4}\s{0,2}[:=]?\s{0,2}[(\[]?)"
    r"[+-]?[0-9]{1,3}[.][0-9]{1,20}(?:[,;] ?| )[+-]?[0-9]{1,3}[.][0-9]{1,20}",
    "[0-9][.][0-9]{1,20}[,; ] ?[+-]?[0-9]{1,3}[.][0-9]",
)
"""Both under one name: `location: 48.2, 16.4`."""
_NAMED_NETWORK = _shape(
    r"((?<![A-Z])e?ssid[\\\"']{0,4}\s{0,3}[:=]\s{0,3})(?![\\\"']{0,4}(?:\[redacted\]|\u2026))"
    r"(?:\"[^\"\n]{1,100}\"|'[^'\n]{1,100}'|[^\s,;\"'\\][^,;\n\"'\\]{0,31})",
    _any_case("ssid"),
)
"""A network by its name in a text, of 32 bytes at most: `SSID: home net`. No secret of a key: adapters make
one of a network's name that is alike however it is written."""
_BARE_MAC = re.compile(r"(?<![0-9A-Z-])[0-9A-F]{6}[-:. ]?[0-9A-F]{6}(?![0-9A-Z-])", re.IGNORECASE)
_NAMED_MAC = _shape(
    r"((?<![A-Z])(?:mac|b?ssid|wi-?fi|wlan|bluetooth|bt)(?:[ _-]?(?:mac|address|addr|id)){0,2}"
    r"[\\\"']{0,4}\s{0,2}(?:[:=]|is\b)?\s{0,2}[\\\"']{0,4})[0-9A-F]{6}[-:. ]?[0-9A-F]{6}(?![0-9A-Z])",
    f"{_SIX}[-:. ]?{_SIX}",
)
"""Twelve hex digits are a MAC address where the key, or the word before them, says so."""
_NETWORK_ADDRESS = _shape(
    rf"(?<![\w./@-])(?<!version )(?<!\bv )(?:{_OCTET}\.){{3}}{_OCTET}(?![\w-]|\.\w)"
    r"|(?<![\w:.])(?=[0-9A-F:]{0,35}::|(?:[0-9A-F]{1,4}:){7})(?:fe80|f[cd][0-9A-F]{2}|2[0-9A-F]{3})"
    r"(?::[0-9A-F]{0,4}){2,7}(?![\w:])",
    rf"[0-9]\.[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]|::|{_HEX_DIGIT}:(?:{_HEX_DIGIT}{{1,4}}:){{6}}",
)
"""IPv4 and IPv6 by themselves: in the address of a page it is part of what a threat is, and a version of four
parts looks alike."""
_HEX = "|".join(f"[0-9A-F]{{{length}}}" for length in (24, 28, 32, 40, 48, 56, 64, 96, 128))
_HASH = _shape(
    rf"(?<![0-9A-Z])((?=[0-9]*[A-F])(?:{_HEX}))(?![\w@.+%]|-[\w.+%-]{{0,64}}@)",
    f"{_SIX}{_HEX_DIGIT}{{18}}",
)
"""A hash, or a UUID without its dashes, that stands by itself: digits in it are nobody's number."""
_CHECKED = _shape(r"(?<![\w.-])[0-9](?:[ -]?[0-9]){13,15}(?![\w.-])", "[0-9](?:[ -]?[0-9]){13}")
"""14 to 16 digits, with dashes and blanks, in no UUID: an IMEI where the check digit is right."""
_GROUPED = _shape(
    r"(?<![\w./-])[0-9]{1,8}([./])[0-9]{1,8}(?:\1[0-9]{1,8}){1,5}(?![\w-]|[./]\w)",
    "[0-9](?:[./]?[0-9]){14}",
)
"""Numbers with dots or slashes: an IMEI where they are 15 digits and the check digit is right."""
_SECRET = _shape(
    r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|whsec_[A-Za-z0-9+/=]+|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[opsu]_[A-Za-z0-9]{20,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{20,}"
    r"|\bglpat-[\w-]{20,}|\bsk-[\w-]{20,}"
    r"|\b(?:(?i:Bearer|SharedKey)|Basic(?= +\S{0,99}(?:[0-9=]|[a-z][A-Z]))) +(?!\[redacted\])[^\s,;\"']{8,}"
    r"|-{4,5} ?BEGIN [A-Z0-9 ]{0,40}KEY(?: BLOCK)? ?-{4,5}(?:(?!-{4,5} ?END )[\s\S])*"
    r"(?:-{4,5} ?END [A-Z0-9 ]{0,40} ?-{4,5})?",
    r"eyJ|whsec_|AKIA|ASIA|AIza|gh[opsu]_|xox[abprs]-|glpat-|sk-|Basic |BEGIN "
    rf"|(?:{_any_case('bearer', 'sharedkey')}) ",
    re.RegexFlag(0),
)
_IN_QUERY = (
    r"(?:(?:[a-z]{2,10}_?)?token|api_?key|access_?key|accountkey|sharedaccesskey|key|sig|signature|secret"
    r"|client_?secret|password|passcode|passwd|pass|pwd|pin|code|otp|auth(?:_?(?:key|code|token))?|ticket|jwt"
    r"|jsessionid|phpsessid|session(?:_?id)?|sid|sas|lat|lng|lon|latitude|longitude|user(?:_?name)?|login|email"
    r"|phone|msisdn|imei)"
)
_IN_ADDRESS = _shape(rf"((?:[?&;#]|\b){_IN_QUERY}=)(?!\[redacted\])[^&\s#;\"']+", "=")
_IN_ENCODED = _shape(
    rf"(%(?:25){{0,3}}(?:3F|26|23){_IN_QUERY}(?:=|%(?:25){{0,3}}3D))(?!\[redacted\])"
    r"(?:(?!%(?:25){0,3}(?:26|23))[^&\s#;\"'])+",
    "%",
)
"""The same in an address that is a part of another one."""
_STATES = (
    "not?|none|null|unset|unknown|unlocked|unprotected|enabled?|disabled?|required|missing|weak|off|on|yes|true|false|set|changed"
    "|expired|absent|empty|default|is|was|must|should|in"
)
_SAID = _shape(
    r"((?:passw(?:or)?d|passcode|passphrase|(?<![A-Z])(?:pwd|pin(?: ?code)?|otp|token|secret)"
    r"|(?:client|api|access|auth|refresh|secret|private|encryption|enroll?ment|activation|licen[cs]e)[ _-]?"
    r"(?:secret|token|key|code))"
    rf"[\\\"']{{0,4}}\s{{0,3}}[:=]\s{{0,3}})(?![\\\"']{{0,4}}(?:\[redacted\]|\u2026|(?:{_STATES})\b))"
    r"(?:\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[\\\"']{0,4}[^\s\"'&<>\\]+)",
    rf"(?:{_any_case('pass', 'pwd', 'pin', 'otp', 'token', 'secret', 'code', 'key')})"
    r"[A-Za-z]{0,6}[\\\"']{0,4}\s{0,3}[:=]",
)
"""A secret by its name in a text, `password: x`; what only says how it stands is none."""
_USER_INFO = _shape(r"(://)(?!\[redacted\]@)[^/\s@?#]+@", "@")
_NAMED = (_SAID, _IN_ADDRESS, _IN_ENCODED, _NAMED_MAC, _NAMED_PLACE, _NAMED_PAIR)
"""Those that keep the name before what they mask."""
_SECRETS = (_WHEREABOUTS, _PLACE, _SECRET, _USER_INFO, *_NAMED)
"""Those that nobody's id is."""
_SAYS = re.compile("[=:0-9]")
_DIGIT = re.compile("[0-9]")
"""Without one of these there is nothing that the patterns behind them look for."""
_PLAIN = re.compile(
    r"(?:[A-Za-z0-9 -]|(?<!whsec)_){0,13}"
    rf"|{_HEX_DIGIT}{{8}}(?:-{_FOUR}){{3}}-{_HEX_DIGIT}{{12}}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
"""What no shape fits: a word or a number shorter than any of them that has no other mark in it, a UUID, a
time."""
_HALF_MARK = re.compile(r"\[[a-z]{0,8}\Z")
_KEPT_OF_LONG = 4000
"""Characters kept of a long text: whatever secret begins in them is judged whole."""
_DIGITS_OF_IMEI = 15


def masked(text: str, *, is_version: bool = False, is_adapter: bool = False) -> str:
    """`text` without what is secret or personal by its shape; of a long one the beginning, and its length.

    A version is no network address; of what is of a network adapter (`is_adapter`), twelve hex digits are its
    MAC address.
    """
    if not is_adapter and _PLAIN.fullmatch(text):
        return text
    hidden = _masked(text[:MAX_JUDGED], is_version=is_version, is_adapter=is_adapter)
    if len(text) <= MAX_JUDGED:
        return hidden
    begun = beginning(hidden, _KEPT_OF_LONG, is_version=is_version, is_adapter=is_adapter)
    return f"{begun} \u2026 ({len(text)} characters)"


def beginning(text: str, length: int, *, is_version: bool = False, is_adapter: bool = False) -> str:
    """The first `length` characters of a masked text, masked again: its end stands by itself now."""
    return _masked(_HALF_MARK.sub("", text[:length]), is_version=is_version, is_adapter=is_adapter)


def _masked(text: str, *, is_version: bool, is_adapter: bool) -> str:
    text = _SECRET.sub(REDACTED, _USER_INFO.sub(rf"\1{REDACTED}@", text))
    if _SAYS.search(text):
        for named in (*_NAMED, _NAMED_NETWORK):
            text = named.sub(rf"\1{REDACTED}", text)
    if is_adapter:
        text = _BARE_MAC.sub(REDACTED, text)
    if not _HASH.is_possible(text):
        return _masked_numbers(text, is_version=is_version)
    return "".join(
        part if is_hash else _masked_numbers(part, is_version=is_version)
        for is_hash, part in zip(cycle((False, True)), _HASH.pattern.split(text), strict=False)
    )


def _masked_numbers(text: str, *, is_version: bool) -> str:
    # Before the digits: those in front of an address may be its first ones, too.
    text = _WHEREABOUTS.sub(REDACTED, _PERSONAL.sub(REDACTED, text))
    if not _DIGIT.search(text):
        return text if is_version else _NETWORK_ADDRESS.sub(REDACTED, text)
    text = _CHECKED.sub(lambda found: REDACTED if _is_checked(found[0]) else found[0], text)
    text = _GROUPED.sub(lambda found: REDACTED if _is_imei(found[0]) else found[0], text)
    text = _LONG.sub(REDACTED, _PLACE.sub(REDACTED, text))
    return text if is_version else _NETWORK_ADDRESS.sub(REDACTED, text)


def is_personal(text: str) -> bool:
    """Whether `text`, an id, holds an e-mail address, an IMEI or a MEID in its first MAX_JUDGED characters.
    Narrower than `masked`: vendors' own ids may be long numbers."""
    if _PLAIN.fullmatch(text):
        return False
    judged = text[:MAX_JUDGED]
    apart = _HASH.pattern.split(judged)[::2] if _HASH.is_possible(judged) else [judged]
    return any(map(_holds_person, apart))


def _holds_person(text: str) -> bool:
    return (
        _PERSONAL.fits(text)
        or any(_is_checked(found) for found in _FIFTEEN.findall(text))
        or any(_is_imei(found[0]) for found in _GROUPED.found(text))
    )


def holds_secret(text: str) -> bool:
    """Whether `text`, an id or a part of a key, holds something personal, or a secret, as addresses do, in
    its first MAX_JUDGED characters."""
    if _PLAIN.fullmatch(text):
        return False
    judged = text[:MAX_JUDGED]
    return is_personal(judged) or any(shape.fits(judged) for shape in _SECRETS)


def _is_imei(text: str) -> bool:
    """Whether numbers in groups are one: so many digits, and the last one right."""
    return sum(map(str.isdigit, text)) == _DIGITS_OF_IMEI and _is_checked(text)


def _is_checked(text: str) -> bool:
    """Whether the last digit checks the others, as ISO/IEC 7812 has it for IMEI."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [each * 2 - 9 * (each > 4) for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
