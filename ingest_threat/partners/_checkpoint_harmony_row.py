"""What Check Point's alert rows and device rows share. Pure."""

import re

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from shared.domain.record import Platform

_SHORT_ZEROS = "00000000-0000-0000-0000-0000000000"


def mdm_id(row: JsonObject) -> str | None:
    """The MDM's id. A zero UUID two digits short, as public records have it, is read as it stands: it may be
    the MDM's own, and as Intune's side takes no zeros, it links nobody."""
    return fields.linking_id(row, "mdm_uuid") or (
        _SHORT_ZEROS if fields.text(row, "mdm_uuid") == _SHORT_ZEROS else None
    )


def platform_of(model: str | None) -> Platform | None:
    """From "Apple / iPhone 15 Pro", "Google / Pixel 8" or just "Android": no field names the system.

    The product protects iOS and Android only, so a model that is not Apple's runs Android.
    """
    named = fields.platform(model)
    if model is None or named is not Platform.OTHER:
        return named
    if re.search(r"\bmac|\bwindows\b", model, re.IGNORECASE):
        return Platform.OTHER
    return Platform.IOS if re.search(r"\bapple\b|\bipod", model, re.IGNORECASE) else Platform.ANDROID
