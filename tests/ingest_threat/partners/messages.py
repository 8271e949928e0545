"""The messages of all partners, each in a module `messages_<slug>` beside this one.

They are invented, in the partner's shapes: real field names, no real value. `MESSAGES` of such a module are
items that its adapter reads as threats and device states, each with its time and its device.
"""

from importlib import import_module
from pathlib import Path

from ingest_threat.body import JsonObject


def samples() -> dict[str, list[JsonObject]]:
    """By partner, the items of its `MESSAGES`: the contract tests run over all of them."""
    found = sorted(each.stem for each in Path(__file__).parent.glob("messages_*.py"))
    return {name.removeprefix("messages_"): import_module(f"{__package__}.{name}").MESSAGES for name in found}
