"""Regular expressions that are compiled when they are first asked. Pure.

Compiling the long ones costs more than everything else of loading their module, and most processes never ask
most of them.
"""

import re
from functools import cached_property, partial
from typing import Any, cast


class LatePattern:
    """Stands for a pattern. From its first use on, a method is the compiled pattern's own."""

    def __init__(self, text: str, flags: int) -> None:
        self._compile = partial(re.compile, text, flags)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern itself."""
        return self._compile()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.compiled, name)
        setattr(self, name, method)
        return method


def late(text: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern of `text`, compiled on first use; a mistake in it shows then."""
    return cast("re.Pattern[str]", LatePattern(text, flags))
