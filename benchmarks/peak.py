"""The most memory that this process ever had."""

import resource
import sys

MIB = 1024 * 1024


def peak_bytes() -> int:
    """Resident, and with what its libraries take."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kibibytes, but for macOS
