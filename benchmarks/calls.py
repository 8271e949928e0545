"""Work counted, not timed: the calls of functions that Python makes for it. They are the same on a machine
that is slow or shared."""

import sys
from collections.abc import Callable


def calls_of(work: Callable[[], object]) -> int:
    """How many functions, of Python and of C, are called while `work` is done."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count - 1  # the last is of setprofile itself
