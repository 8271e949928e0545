"""An admin's request: a small JSON object that always says why."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
"""Why an admin does it, for whoever asks later."""


class Request(BaseModel):
    """What every request of an admin says. A value is taken for what it is: neither `true` nor `"1"` is a
    number."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason
