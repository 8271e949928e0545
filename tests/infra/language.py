"""What a compiler would say of the Bicep files, as far as their text tells. Each check returns its findings.

Types, API schemas and the extension are out of its reach: `az bicep build` in the deployment workflow is the
gate for those.
"""

import pathlib
import re
from collections.abc import Callable, Iterator

from tests.infra.bicep import BicepFile, Declaration, bicep_files

FUNCTIONS = frozenset(
    {
        *("any", "array", "bool", "concat", "contains", "empty", "environment", "filter", "first", "flatten"),
        *("guid", "indexOf", "int", "items", "join", "json", "last", "length", "loadJsonContent"),
        *("loadTextContent", "max", "min", "replace", "reference", "resourceGroup", "resourceId", "skip"),
        *("split", "startsWith", "string", "subscription", "subscriptionResourceId", "substring", "take"),
        *("tenant", "toLower", "toUpper", "trim", "union", "uniqueString"),
    }
)
"""The functions of Bicep these files may use, as spelt; another one is a slip of the pen or must be added."""
_PINNED = re.compile(r"[\w.]+(/\w+)+@\d{4}-\d{2}-\d{2}(-preview)?")
_NO_STABLE_VERSION = "Microsoft.Insights/diagnosticSettings"
"""Its schema for logs and metrics has only previews, and Microsoft's own templates use this one."""


def syntax(folder: pathlib.Path) -> list[str]:
    """Every file parses."""
    return [error for path in bicep_files(folder) for error in BicepFile(path).errors]


def names(folder: pathlib.Path) -> list[str]:
    """Every name that is used is declared, every function exists, and nothing is declared for nothing."""
    return [finding for path in bicep_files(folder) for finding in _names(BicepFile(path))]


def _names(file: BicepFile) -> Iterator[str]:
    declared = {each.name for each in file.declarations if each.kind != "output"}
    used = {name for name, _ in file.names_used}
    for name, line in file.names_used:
        if name not in declared:
            yield f"{file.path.name}:{line}: {name} is not declared"
    for name, line in file.functions_used:
        if name not in FUNCTIONS:
            yield f"{file.path.name}:{line}: there is no function {name}"
    for each in file.declarations:
        if each.kind in {"param", "var"} and each.name not in used:
            yield f"{file.path.name}:{each.line}: {each.name} is never used"


def modules(folder: pathlib.Path) -> list[str]:
    """A module's file is there, gets the parameters it needs and no others, and has what is asked of it."""
    return [finding for path in bicep_files(folder) for finding in _modules(BicepFile(path))]


def _modules(file: BicepFile) -> Iterator[str]:
    here = file.of("module")
    for module in here.values():
        where = f"{file.path.name}:{module.line}: module {module.name}"
        path = file.path.parent / module.target
        if not path.is_file():
            yield f"{where}: there is no file {module.target}"
            continue
        passed = module.body.get("params", {})
        given = set(passed) if isinstance(passed, dict) else set()
        declared = parameters(path)
        for name in sorted(given - declared.keys()):
            yield f"{where}: {module.target} has no parameter {name}"
        for name in sorted(declared.keys() - given):
            if declared[name]:
                yield f"{where}: parameter {name} of {module.target} is not passed"
    for name, output, line in file.outputs_used:
        target = file.path.parent / here[name].target if name in here else None
        if target is not None and target.is_file() and output not in outputs(target):
            yield f"{file.path.name}:{line}: module {name} has no output {output}"


def parameters(path: pathlib.Path) -> dict[str, bool]:
    """A file's parameters, and whether each must be given. By text: a file with an extension is read too."""
    text = path.read_text(encoding="utf-8")
    found = re.finditer(r"^param (\w+) [^=\n]+?(=.*)?$", text, re.MULTILINE)
    return {match[1]: match[2] is None for match in found}


def outputs(path: pathlib.Path) -> set[str]:
    """A file's outputs, by text."""
    return set(re.findall(r"^output (\w+) ", path.read_text(encoding="utf-8"), re.MULTILINE))


def loops(folder: pathlib.Path) -> list[str]:
    """Loops stand where Bicep takes them: as a value, never inside a function's arguments."""
    files = [BicepFile(path) for path in bicep_files(folder)]
    return [
        f"{file.path.name}:{line}: a loop inside a function's arguments"
        for file in files
        for line in file.loops_in_calls
    ]


def versions(folder: pathlib.Path) -> list[str]:
    """Every resource names a dated API version, and a stable one where there is one."""
    findings = []
    for path in bicep_files(folder):
        for each in BicepFile(path).of("resource").values():
            if not _PINNED.fullmatch(each.target):
                findings.append(f"{path.name}:{each.line}: {each.target} is not a type with a dated version")
            elif each.target.endswith("-preview") and not each.target.startswith(_NO_STABLE_VERSION):
                findings.append(f"{path.name}:{each.line}: {each.target} is a preview")
    return findings


def described(folder: pathlib.Path) -> list[str]:
    """Every parameter of main.bicep says what it is for, and a text has its limits where Azure has some."""
    main = BicepFile(folder / "main.bicep")
    return [
        f"main.bicep:{each.line}: parameter {each.name} has no description"
        for each in main.of("param").values()
        if not _description(each)
    ]


def _description(declaration: Declaration) -> bool:
    text = declaration.decorators.get("description")
    return isinstance(text, str) and len(text) > 10


CHECKS: tuple[Callable[[pathlib.Path], list[str]], ...] = (syntax, names, modules, loops, versions, described)
