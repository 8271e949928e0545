"""What each switch of main.bicep changes, alone: every bool turned over, and every mode.

Worked out by the compiler in one run: a template of its own asks for main.bicep with the defaults, and once
for each switch, each in a resource group of its own; then each is compared with the first.
"""

import json
import os
import pathlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from infra.compiler import Compiler

COMMON = {"location": "westeurope", "resourceToken": "token", "grantGraphPermissions": True}
"""Of each of them; with the grants, so that what a switch needs of Graph is seen."""
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_SAME = {"id", "name", "type", "apiVersion", "tags"}
"""What says which resource it is, and nothing of what a switch changes."""
_PERMISSION = re.compile(r"'([\w.]+)'\]\]$")


def changes(bicep: Compiler, declared: Mapping[str, Any]) -> dict[str, Any]:
    """By `switch=value`: resources that come with it, resources that go, and values that become another."""
    switches = list(_switches(declared))
    with tempfile.TemporaryDirectory() as scratch:
        template = pathlib.Path(scratch) / "options.bicep"
        asked = [{}, *({name: value} for name, value in switches)]
        main = pathlib.PurePath(os.path.relpath(bicep.folder / "main.bicep", scratch)).as_posix()
        modules = (_module(number, main, each) for number, each in enumerate(asked))
        template.write_text("\n".join(["targetScope = 'subscription'", *modules]) + "\n", encoding="utf-8")
        made = bicep.snapshot(template, {})["predictedResources"]
    base = _resources(made, 0)
    return {
        f"{name}={_literal(value)}": _difference(base, _resources(made, number))
        for number, (name, value) in enumerate(switches, 1)
    }


def _switches(declared: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, each in declared.items():
        if each["type"] == "bool":
            yield name, not COMMON.get(name, each["defaultValue"])
        elif name == "mode":
            yield from ((name, value) for value in each["allowedValues"] if value != each["defaultValue"])


def _module(number: int, main: str, given: Mapping[str, object]) -> str:
    parameters = {**COMMON, **given, "environmentName": _environment(number)}
    lines = "\n".join(f"    {name}: {_literal(value)}" for name, value in parameters.items())
    return f"module m{number} '{main}' = {{\n  name: 'm{number}'\n  params: {{\n{lines}\n  }}\n}}"


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else f"'{value}'"


def _environment(number: int) -> str:
    return f"switch-{number:03}"


def _resources(made: list[Any], number: int) -> dict[str, dict[str, object]]:
    """The resources of one of them: what each is, and its values by their path."""
    environment = _environment(number)
    texts = [text for text in map(json.dumps, made) if f"rg-{environment}" in text]
    rows = [json.loads(text.replace(environment, "name")) for text in texts]
    return {_what(row): dict(_values({k: v for k, v in row.items() if k not in _SAME}, "")) for row in rows}


def _what(row: Mapping[str, Any]) -> str:
    """Its type and name; of a Graph permission its own; a name that derives from ids says nothing."""
    if "name" in row:
        return f"{row['type']} {_GUID.sub('(derived)', row['name'])}"
    permission = _PERMISSION.search(row["properties"].get("appRoleId", ""))
    return f"{row['type']} {permission[1] if permission else row['properties']}"


def _values(value: Any, path: str) -> Iterator[tuple[str, object]]:
    """Every value below, by its path: rows that have a name go by it, others by their place."""
    if isinstance(value, dict) and value:
        if value.keys() == {"name", "value"}:
            yield path, value["value"]
            return
        for name, each in value.items():
            yield from _values(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for place, each in enumerate(value):
            named = isinstance(each, dict) and isinstance(each.get("name"), str)
            yield from _values(each, f"{path}.{each['name'] if named else place}")
    else:
        yield path, value


def _difference(base: Mapping[str, Mapping[str, object]], other: Mapping[str, Mapping[str, object]]) -> Any:
    changed = {
        what: {
            path: other[what].get(path, "(nothing)")
            for path in sorted(base[what].keys() | other[what].keys())
            if base[what].get(path) != other[what].get(path)
        }
        for what in sorted(base.keys() & other.keys())
    }
    return {
        "comes": sorted(other.keys() - base.keys()),
        "goes": sorted(base.keys() - other.keys()),
        "becomes": {what: values for what, values in changed.items() if values},
    }
