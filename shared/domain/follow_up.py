"""What is done once a tag is applied. Pure."""

from enum import StrEnum


class FollowUp(StrEnum):
    """What is to be done once the tag is applied: options, off by default."""

    REVOKE_SESSIONS = "revoke_sessions"
    """The user's sign-in sessions, because the device became blocked at high."""
    SYNC_DEVICE = "sync_device"
    """Have the device check in with Intune, because it was remediated."""
