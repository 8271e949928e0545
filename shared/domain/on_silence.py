"""What silence does to a device. Pure."""

from enum import StrEnum


class OnSilence(StrEnum):
    """What a silent agent, or an unresponsive partner, does to a device."""

    HOLD = "hold"
    """Nothing: its last word stands."""
    IGNORE = "ignore"
    """It does not count any more, which is what Intune does: access may return with nobody's word for it."""
    BLOCK = "block"
    """The device is blocked until it reports again."""
