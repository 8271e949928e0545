"""The values of the tag, which Conditional Access looks at. Pure.

Every value of ours begins with `mtd-`.
"""

from shared.domain.level import Level

PREFIX = "mtd-"
BLOCK_PREFIX = "mtd-block"
"""What the shipped policy looks for at the beginning."""
OK_TAG = "mtd-ok"
NO_DATA_TAG = f"{BLOCK_PREFIX}-nodata"
"""Somebody who must speak for the device has not, or no longer does."""
RULE_TAG = f"{BLOCK_PREFIX}-rule"
"""A rule other than on risk: an unsupported system."""


def block_tag(risk: Level) -> str:
    """The value that refuses access because of `risk`."""
    return f"{BLOCK_PREFIX}-{risk}"


HIGH_TAG = block_tag(Level.HIGH)


def is_ours(value: str | None) -> bool:
    """Whether a value of the attribute is one this app writes; any other is never overwritten."""
    return value is not None and value.startswith(PREFIX)


def is_block(value: str | None) -> bool:
    """Whether a value refuses access."""
    return value is not None and value.startswith(BLOCK_PREFIX)
