"""An admin's request: a small JSON object that always says why."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _one_line(reason: str) -> str:
    """`reason`, which is shown and recorded as one line; ValueError where it holds a control character."""
    if any(unicodedata.category(each) in {"Cc", "Zl", "Zp"} for each in reason):
        raise ValueError("a reason is one line, without control characters")
    return reason


Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=500),
    AfterValidator(_one_line),
]
"""Why an admin does it, for whoever asks later."""


class Request(BaseModel):
    """What every request of an admin says. A value is taken for what it is: neither `true` nor `"1"` is a
    number."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason
