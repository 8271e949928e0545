"""Which run of the scenario this is and which steps hold, kept so that a killed run can go on.

One that does not hold is over, and the next begins anew. So is one that was killed between the last message
of a step and its mark: its threats are over, and do not open again by what was said of them before.
"""

import json
import pathlib
import uuid
from datetime import UTC, datetime


class Journal:
    """A run's id, its beginning in UTC, and the steps that hold."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.run: str = kept.get("run") or uuid.uuid4().hex
        self.done: list[str] = kept.get("done", [])
        started = kept.get("started")
        self.started = datetime.fromisoformat(started) if started else datetime.now(UTC)
        self._write()

    def finish(self, step: str) -> None:
        """Note that a step holds."""
        self.done.append(step)
        self._write()

    def close(self) -> None:
        """The run is over: the next one begins anew."""
        self.path.unlink()

    def _write(self) -> None:
        content = {"run": self.run, "started": self.started.isoformat(), "done": self.done}
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(content), encoding="utf-8")
        fresh.replace(self.path)
