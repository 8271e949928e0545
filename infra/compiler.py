"""Microsoft's Bicep compiler, where this machine has one.

Found as the variable BICEP, as `bicep` on PATH, or where `az bicep install` puts it (`bin` in the Azure CLI's
configuration folder, by its documentation). BICEP_GRAPH_EXTENSION names a file with the Microsoft Graph
extension, for machines that cannot ask Microsoft's registry for it; bicepconfig.json names the registry.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.preflight.deployment import INFRA

VERSION = "0.49.2"
"""The version the committed snapshots were written by; another one may word an expression in another way."""
TENANT = "7e0a1f64-3c58-4b9d-8f21-6d5c4b3a2910"
SUBSCRIPTION = "5b0c4e1a-9d27-4f63-8c1e-2a7f6b3d9e84"
"""Invented: names that derive from them are the same on every machine."""


class BicepError(Exception):
    """The compiler refused; what it printed."""


@dataclass(frozen=True)
class Compiler:
    """The compiler at `program`, over the templates in `folder`."""

    program: str
    folder: pathlib.Path = INFRA

    def run(self, *arguments: str) -> tuple[str, str]:
        """What it prints, and what it warns of."""
        with tempfile.TemporaryDirectory() as scratch:
            command = [self.program, *arguments, *self._configuration(pathlib.Path(scratch))]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if ended.returncode:
            said = f"{ended.stderr}{ended.stdout}".strip()
            hint = _NO_REGISTRY if "BCP192" in said else ""
            raise BicepError(f"{said}{hint}")
        return ended.stdout, ended.stderr

    def version(self) -> str:
        """As it says itself: `Bicep CLI version 0.49.2 (…)`."""
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
        return said.stdout.split()[3]

    def build(self) -> tuple[dict[str, Any], str]:
        """main.bicep as the template that Azure is sent, and what the compiler warns of."""
        printed, warned = self.run("build", str(self.folder / "main.bicep"), "--stdout")
        return json.loads(printed), warned

    def snapshot(self, template: pathlib.Path, given: Mapping[str, object]) -> dict[str, Any]:
        """What would be made by `template` with these parameters: every resource, worked out."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
            (folder / "this.bicepparam").write_text(_parameters(template, folder, given), encoding="utf-8")
            self.run("snapshot", str(folder / "this.bicepparam"), "--mode", "overwrite", *_WHERE)
            written: dict[str, Any] = json.loads((folder / "this.snapshot.json").read_text(encoding="utf-8"))
        return written

    def _configuration(self, scratch: pathlib.Path) -> Sequence[str]:
        extension = os.environ.get("BICEP_GRAPH_EXTENSION", "")
        if not extension:
            return ()
        config = json.loads((self.folder / "bicepconfig.json").read_text(encoding="utf-8"))
        config["extensions"]["microsoftGraphV1"] = str(pathlib.Path(extension).resolve())
        (scratch / "bicepconfig.json").write_text(json.dumps(config), encoding="utf-8")
        return ("--config", str(scratch / "bicepconfig.json"))


_NO_REGISTRY = (
    "\nMicrosoft's registry could not be asked for the Graph extension: name a file with it in "
    "BICEP_GRAPH_EXTENSION"
)

_WHERE = (
    *("--tenant-id", TENANT, "--subscription-id", SUBSCRIPTION),
    *("--location", "westeurope", "--deployment-name", "main"),
)


def find(folder: pathlib.Path = INFRA) -> Compiler | None:
    """The compiler, over the templates in `folder`; None where there is none. BicepError where the variable
    BICEP names none."""
    named = os.environ.get("BICEP", "")
    if named and shutil.which(named) is None:
        raise BicepError(f"BICEP names {named}, and there is no such program")
    of_the_cli = pathlib.Path(os.environ.get("AZURE_CONFIG_DIR") or "~/.azure").expanduser() / "bin"
    looked_for = (named, "bicep", str(of_the_cli / "bicep"))
    programs = (shutil.which(each) for each in looked_for if each)
    return next((Compiler(program, folder) for program in programs if program), None)


def _parameters(template: pathlib.Path, folder: pathlib.Path, given: Mapping[str, object]) -> str:
    """A .bicepparam file: values from JSON keep their literal types, so limits are checked."""
    lines = [f"using '{pathlib.PurePath(os.path.relpath(template, folder)).as_posix()}'"]
    lines += ["var given = loadJsonContent('given.json')"] if given else []
    return "\n".join([*lines, *(f"param {name} = given.{name}" for name in given)]) + "\n"
