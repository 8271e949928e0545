"""The words by which vendors say that they have not judged a device: no good news, and no bad news either.

Seen in public records: `NotYetAvailable` and `NotDefined` (Pradeo), `UNKNOWN` (several). The rest says the
same in the words of other vendors and tools: that something is not known (yet), or is still to come. What it
is that is not so decides: `not compliant` and `no passcode` are bad news, and no phrase here has their words.
"""

import re

from shared.domain.late import late

_SINGLE = frozenset(
    {
        *("BLANK", "EMPTY", "GRAY", "GREY", "INCONCLUSIVE", "INDETERMINATE", "MISSING", "NA", "ND", "NEVER"),
        *("NIL", "NONE", "NORATING", "NOTYET", "NULL", "TBA", "TBD", "UNK"),
    }
)
"""What says so by itself: in capitals, as every word here, without what stands between letters."""
_DONE = (
    "KNOWN|AVAILABLE|DEFINED|DETERMINED|COMPUTED|CALCULATED|EVALUATED|ASSESSED|ANALY[SZ]ED|CHECKED|RATED|GRADED"
    "|SCORED|CLASSIFIED|JUDGED|REPORTED|SCANNED|SET|SPECIFIED|SUPPORTED|APPLICABLE|READY|INITIALI[SZ]ED|PROCESSED"
    "|EXAMINED|INSPECTED|RECEIVED|PROVIDED|ASSIGNED|SEEN|SYNC(?:ED|HRONI[SZ]ED)|STARTED|CONFIRMED|MEASURED|ESTIMATED|DECIDED"
)
"""What a vendor does before it gives a verdict."""
_DOING = (
    "INITIALI[SZ]|EVALUAT|SCANN|ANALY[SZ]|CALCULAT|COMPUT|PROCESS|LOAD|CHECK|ASSESS|CLASSIFY|DETERMIN|RATE|GRAD|SCOR"
    "|COLLECT|SYNC|SYNCHRONI[SZ]|MEASUR|ESTIMAT"
)
_ABOUT = (
    "RISK|STATUS|STATE|LEVEL|THREAT(?:LEVEL|STATUS|STATE)|SECURITY|DEVICE|HEALTH|SEVERITY|VERDICT|SCORE|POSTURE|RATING|SCAN|GRADE|RESULTS?"
    "|EVALUATION|ASSESSMENT|ANALYSIS|REPORT|DATA|FIRST|VALUE|COMPLIANCE|INITIALI[SZ]ATION|SYNC"
)
"""What the verdict is on, or is called."""
_ANSWER = (
    "VERDICT|STATUS|STATE|SCORE|POSTURE|RATING|SCAN|GRADE|RESULTS?|EVALUATION|ASSESSMENT|ANALYSIS|REPORT|DATA"
    "|INFORMATION|INFO"
)
"""What is not there where no verdict is; `no threat` and `no risk` say something else."""
_PHRASE = late(
    rf"(?:{_ABOUT}){{0,15}}(?:"
    rf"(?:NOT|UN|NEVER)(?:YET|BEEN|BEING)*(?:{_DONE})(?:YET)?[0-9]{{0,3}}"
    rf"|NONE(?:YET|{_DONE})"
    rf"|(?:INFORMATION|INFO)NOT(?:YET)?(?:{_DONE})"
    rf"|BEING(?:{_DONE})"
    rf"|UNDER(?:EVALUATION|ASSESSMENT|ANALYSIS|REVIEW|INVESTIGATION)"
    r"|INSUFFICIENT(?:DATA|INFORMATION)"
    r"|NEVER(?:YET)?CONNECTED"
    rf"|(?:NO|WITHOUT)(?:{_ABOUT}){{0,15}}?(?:{_ANSWER})(?:YET|AVAILABLE|SET|KNOWN)*"
    r"|(?:YET)?TOBE(?:" + _DONE + r")"
    r"|(?:A?WAITING|PENDING|QUEUED|SCHEDULED|INPROGRESS|IN(?:THE)?QUEUE)(?:FOR)?"
    r"(?:ACTIVATION|APPROVAL|ENROLL?MENT|INVESTIGATION|RESPONSE|REVIEW)?"
    rf"|(?:{_DOING})ING"
    rf")(?:{_ABOUT}){{0,15}}"
)
"""Of what it is on no more than the longest phrase has room for."""
_MARKS = re.compile(r"[-\u2010-\u2015.\u2026?_*/\\\s]+")
"""What stands for nothing where a word is due."""
_MAX_PHRASE = 60


def is_no_verdict(word: str | None) -> bool:
    """Whether `word`, as `fields.word` returns it, says nothing of a device; so does none at all."""
    if word is None or _MARKS.fullmatch(word):
        return True
    plain = word.replace("_", "")
    return len(plain) <= _MAX_PHRASE and (plain in _SINGLE or _PHRASE.fullmatch(plain) is not None)
