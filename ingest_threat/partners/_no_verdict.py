"""The words by which vendors say that they have not judged a device: no good news, and no bad news either.

Seen in public records: `NotYetAvailable` and `NotDefined` (Pradeo), `UNKNOWN` (several). The rest says the
same in the words of other vendors and tools.
"""

_WORDS = frozenset(
    [
        "ANALYZING",
        "CALCULATING",
        "COMPUTING",
        "GRAY",
        "GREY",
        "INDETERMINATE",
        "INITIALIZING",
        "INPROGRESS",
        "NA",
        "NEVER",
        "NEVERSCANNED",
        "NIL",
        "NODATA",
        "NONE",
        "NORATING",
        "NOTANALYZED",
        "NOTAPPLICABLE",
        "NOTASSESSED",
        "NOTAVAILABLE",
        "NOTAVAILABLEYET",
        "NOTCALCULATED",
        "NOTCHECKED",
        "NOTCOMPUTED",
        "NOTDEFINED",
        "NOTDETERMINED",
        "NOTEVALUATED",
        "NOTKNOWN",
        "NOTRATED",
        "NOTREPORTED",
        "NOTSCANNED",
        "NOTSET",
        "NOTSPECIFIED",
        "NOTSUPPORTED",
        "NOTYETAVAILABLE",
        "NOTYETDEFINED",
        "NOTYETEVALUATED",
        "NOTYETKNOWN",
        "NOTYETSCANNED",
        "NULL",
        "PENDING",
        "PROCESSING",
        "QUEUED",
        "SCANNING",
        "TBD",
        "UNASSESSED",
        "UNAVAILABLE",
        "UNDEFINED",
        "UNDETERMINED",
        "UNEVALUATED",
        "UNKNOWN",
        "UNRATED",
        "UNSCANNED",
        "UNSPECIFIED",
        "UNSUPPORTED",
        "WAITING",
    ]
)
"""In capitals, without what stands between letters."""


def is_no_verdict(word: str | None) -> bool:
    """Whether `word`, as `fields.word` returns it, says nothing of a device; so does none at all."""
    return word is None or word.replace("_", "") in _WORDS
