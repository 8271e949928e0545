"""What takes long and is only looked at is made once in a session, however many processes run tests."""

import fcntl
import json
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Once:
    """Things made once, each by its name, and kept as JSON in a folder that all processes have."""

    folder: pathlib.Path

    def __call__(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returned to whoever asked first; another one who asks meanwhile waits for it."""
        path = self.folder / f"{name}.json"
        with (self.folder / f"{name}.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            if not path.exists():
                path.write_text(json.dumps(make()), encoding="utf-8")
        return json.loads(path.read_text(encoding="utf-8"))
