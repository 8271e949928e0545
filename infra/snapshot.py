"""What would be deployed, worked out by Microsoft's compiler, without a subscription: infra/snapshots/*.json.

    .venv/bin/python -m infra.snapshot    # or make snapshot

They are committed: a change of what is deployed is seen in review as a difference of resources, and the tests
read what they promise off evaluated values.

- dev, prod: the environments' files, passed as azd passes them (azd.py)
- everything-on: every option, by inputs of its own
- options: what each switch changes alone (options.py)
- order: what waits for what, which a snapshot leaves out (order.py)
- parameters: types, limits and defaults of main.bicep
"""

import json
import os
import pathlib
import re
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra import azd, compiler, options, order
from infra.compiler import SUBSCRIPTION, TENANT, BicepError, Compiler
from infra.preflight.deployment import INFRA, Check, Deployment, variable_of
from infra.preflight.partners import partners, read_keys
from infra.preflight.schedule import schedule
from infra.preflight.values import network, warm, words
from infra.recorded import SNAPSHOTS

ENVIRONMENTS = ("dev", "prod")
EVERYTHING_ON = "everything-on"
DEPLOYER = "2b9f6d31-4c8a-4e57-9b03-d1a7e5c2f846"
"""Invented, as azd would find it: object id of whoever deploys."""
VALUES: tuple[Check, ...] = (network, warm, words, schedule, partners, read_keys)
"""What the preflight asks of values, beyond what the compiler knows."""


class InputError(Exception):
    """An environment's file or the everything-on inputs hold what nothing takes."""


def snapshots(bicep: Compiler, template: Mapping[str, Any]) -> dict[str, Any]:
    """Every snapshot by its name; BicepError where the compiler refuses, InputError for a senseless input."""
    declared = template["parameters"]
    kinds = {name: each["type"] for name, each in declared.items()}
    jobs: dict[str, Callable[[], Any]] = {
        name: lambda name=name: environment(bicep, name, kinds)  # type: ignore[misc]
        for name in (*ENVIRONMENTS, EVERYTHING_ON)
    }
    jobs["options"] = lambda: readable(options.changes(bicep, declared))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = {name: pool.submit(job) for name, job in jobs.items()}
    return {
        **{name: each.result() for name, each in made.items()},
        "order": readable(order.waits(template)),
        "parameters": readable({name: _plain(each) for name, each in declared.items()}),
    }


def text(snapshot: object) -> str:
    """As it is written to its file."""
    return json.dumps(snapshot, indent=2, ensure_ascii=False) + "\n"


def environment(bicep: Compiler, name: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    """What would be made in an environment, and what is given out."""
    passed, known = inputs(bicep.folder, name)
    asked = Deployment(known, passed, lambda *_: {"tenantId": TENANT})
    found = [f"{name}: {each.problem}; {each.remedy}" for check in VALUES for each in check(asked)]
    if found:
        raise InputError("\n".join(found))
    try:
        taken = azd.passed(passed, kinds, known)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    made = bicep.snapshot(bicep.folder / "main.bicep", taken)
    if made["diagnostics"]:
        raise BicepError(json.dumps(made["diagnostics"]))
    rows = sorted(made["predictedResources"], key=lambda row: (row["type"], row.get("id", ""), text(row)))
    return {"resources": readable(rows), "outputs": readable(made["outputs"])}


def inputs(folder: pathlib.Path, name: str) -> tuple[dict[str, object], dict[str, str]]:
    """What main.parameters.json gives in an environment, and the variables that azd has there."""
    passed = given(folder)
    if name == EVERYTHING_ON:
        own = json.loads((folder / "snapshots" / f"{name}.inputs.json").read_text(encoding="utf-8"))
        known, passed = own["environment"], {**passed, **own["parameters"]}
    else:
        known = variables(folder / "environments" / f"{name}.env")
    strangers = known.keys() - {variable_of(parameter) for parameter in passed}
    if strangers:
        raise InputError(f"{name}: main.parameters.json takes no {', '.join(sorted(strangers))}")
    of_azd = {"AZURE_ENV_NAME": name, "AZURE_LOCATION": "westeurope", "AZURE_PRINCIPAL_ID": DEPLOYER}
    return passed, {**known, **of_azd}


def given(folder: pathlib.Path) -> dict[str, object]:
    """The values of main.parameters.json by parameter."""
    document = json.loads((folder / "main.parameters.json").read_text(encoding="utf-8"))
    return {parameter: each["value"] for parameter, each in document["parameters"].items()}


def variables(path: pathlib.Path) -> dict[str, str]:
    """What an environment's file sets."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    rows = [(number, line.partition("=")) for number, line in lines if line and not line.startswith("#")]
    wrong = [f"line {number}: expected NAME=value" for number, (_, sign, _) in rows if not sign]
    if wrong:
        raise InputError(f"{path.name}, {', '.join(wrong)}")
    return {name: value for _, (name, _, value) in rows}


def readable(value: Any) -> Any:
    """As a reviewer can read it: ids short, a text of several lines as its lines, a workbook as its items."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (*(name != first for first in _FIRST), name))
        return {_short(name): readable(_opened(name, value[name])) for name in names}
    if isinstance(value, list):
        return [readable(each) for each in value]
    if isinstance(value, str):
        return _short(value).split("\n") if "\n" in value else _short(value)
    return value


_FIRST = ("type", "name", "id")
"""What says which resource it is stands on top; the rest by name."""


def _short(text: str) -> str:
    """With ids of what is in the resource group, or in the subscription, cut to what differs between them."""
    return _GROUP.sub("group:", text).replace(f"/subscriptions/{SUBSCRIPTION}/", "subscription:")


_GROUP = re.compile(rf"/subscriptions/{SUBSCRIPTION}/resourceGroups/[\w-]+/providers/")


def _opened(name: str, value: Any) -> Any:
    return json.loads(value) if name == "serializedData" else value


def _plain(parameter: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in parameter.items() if name != "metadata"}
    return {**kept, "description": parameter.get("metadata", {}).get("description", "")}


def main() -> int:
    """Write the files anew; 0 where the compiler took everything and warned of nothing."""
    try:
        bicep = compiler.find()
    except BicepError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if bicep is None:
        sys.stderr.write("there is no Bicep compiler: az bicep install, or name one in the variable BICEP\n")
        return 2
    try:
        template, warned = bicep.build()
        made = snapshots(bicep, template)
    except (BicepError, InputError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(warned)
    for name, snapshot in made.items():
        (SNAPSHOTS / f"{name}.json").write_text(text(snapshot), encoding="utf-8")
    sys.stdout.write(
        f"{len(made)} files in {SNAPSHOTS.relative_to(INFRA.parent)}, by Bicep {bicep.version()}\n"
    )
    return 1 if warned else 0


if __name__ == "__main__":
    sys.exit(main())
