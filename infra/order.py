"""What waits for what in a deployment, read off the compiled template: a snapshot leaves it out.

Compiled, a dependency is the symbolic name of a resource, the name of a loop, or an expression for an id.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

MODULE = "Microsoft.Resources/deployments"
_MODULE_ID = re.compile(rf"'{re.escape(MODULE)}', '([^']+)'\)\]$")
_TYPE = re.compile(r"esourceId\((?:[^']*, )?'(Microsoft\.[\w./]+)'")


def waits(template: Mapping[str, Any]) -> dict[str, Any]:
    """By module: what it waits for, and of its resources those that wait, or are made in a loop."""
    rows = _rows(template)
    modules = {each["name"]: each for each in rows.values() if each["type"] == MODULE}
    return {
        name: {"after": _after(module, rows), "resources": _resources(module["properties"]["template"])}
        for name, module in modules.items()
    }


def _rows(template: Mapping[str, Any]) -> dict[str, Any]:
    """Resources by symbolic name, or by place where a template has none; and loops by theirs."""
    made = template["resources"]
    rows = dict(made) if isinstance(made, dict) else {str(place): each for place, each in enumerate(made)}
    return rows | {each["copy"]["name"]: each for each in rows.values() if "copy" in each}


def _resources(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = _rows(template)
    loops = {id(each): each["copy"] for each in rows.values() if "copy" in each}
    found = {
        id(each): {
            "type": each["type"],
            "after": _after(each, rows),
            "at once": loops[id(each)].get("batchSize", "all") if id(each) in loops else 1,
        }
        for each in rows.values()
    }
    return sorted((each for each in found.values() if each["after"] or each["at once"] != 1), key=str)


def _after(row: Mapping[str, Any], rows: Mapping[str, Any]) -> list[str]:
    return sorted({_awaited(each, rows) for each in _listed(row.get("dependsOn"))})


def _awaited(dependency: str, rows: Mapping[str, Any]) -> str:
    """A module by its name, another resource by its type."""
    if dependency in rows:
        row = rows[dependency]
        return str(row["name"] if row["type"] == MODULE else row["type"])
    found = _MODULE_ID.search(dependency) or _TYPE.search(dependency)
    return found[1] if found else dependency


def _listed(names: Iterable[str] | None) -> list[str]:
    return list(names or ())
