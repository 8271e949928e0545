"""A check that cannot be made on this machine is skipped where nobody overlooks it."""

import sys
from typing import NoReturn

import pytest


def skip(what: str) -> NoReturn:
    """Say on the terminal, past pytest's capture, what was NOT checked; then skip."""
    print(f"\nSKIPPED: {what}", file=sys.__stderr__)
    pytest.skip(what)
