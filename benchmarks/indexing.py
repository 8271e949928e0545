"""What the host does first in a cold process, each time in a fresh one: it imports the app, to index it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("shared", "ingest_threat", "evaluate_risk", "sync_inventory", "serve_console", "poll_partners")
FLOOR = """
import azure.functions
from pydantic import BaseModel

class One(BaseModel):
    field: int = 0

One(field=1)
"""
"""What no such app can do without: azure.functions, and pydantic with one model of one field."""
APP = "import function_app"
_MEASURED = """
import json, sys, time
begun = time.process_time()
{work}
seconds = time.process_time() - begun
from pydantic import BaseModel

def kinds(kind):
    return {{kind, *(each for inner in kind.__subclasses__() for each in kinds(inner))}}

complete = (each for each in kinds(BaseModel) if each.__pydantic_complete__)
built = {{f"{{each.__module__}}.{{each.__name__}}" for each in complete}}
print(json.dumps({{"seconds": seconds, "modules": sorted(sys.modules), "built": sorted(built)}}))
"""


@dataclass(frozen=True)
class Indexed:
    """What it came to."""

    seconds: float
    """Of CPU."""
    modules: tuple[str, ...]
    """All that are loaded."""
    built: tuple[str, ...]
    """Models of the app whose validators are made."""

    @property
    def ours(self) -> list[str]:
        """The app's own modules."""
        return [name for name in self.modules if name.partition(".")[0] in ROOMS]


def indexed(work: str) -> Indexed:
    """What `work`, some Python, comes to in a fresh process."""
    code = _MEASURED.format(work=work)
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(ended.stdout)
    built = (name for name in found["built"] if name.partition(".")[0] in ROOMS)
    return Indexed(found["seconds"], tuple(found["modules"]), tuple(built))
