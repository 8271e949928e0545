"""Bicep files as the checks see them: declarations, literal values and the names that are used.

Read by tree-sitter-bicep, which knows the grammar and nothing of types. It cannot read `extension`, so the
file with the Graph extension is looked at as text (graph_extension.py).
"""

import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bicep.language()))
_DECLARATIONS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}


@dataclass(frozen=True)
class Expression:
    """A value that is worked out at deployment, as it is written."""

    text: str


Value = str | int | bool | None | list["Value"] | dict[str, "Value"] | Expression


@dataclass(frozen=True)
class Declaration:
    """`param`, `var`, `resource`, `module` or `output`, with what stands behind its name."""

    kind: str
    name: str
    line: int
    target: str = ""
    """Type and API version of a resource, path of a module, type of a parameter or output."""
    value: Value = None
    """A loop's or a condition's body where there is one; None for a parameter without a default."""
    decorators: Mapping[str, Value] = field(default_factory=dict)
    node: Node | None = None

    @property
    def existing(self) -> bool:
        """Whether a resource is made elsewhere and only named here."""
        return self.node is not None and any(child.type == "existing" for child in self.node.children)

    @property
    def body(self) -> dict[str, Value]:
        """The properties of a resource or module."""
        return self.value if isinstance(self.value, dict) else {}


class BicepFile:
    """One file, parsed."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._root = _PARSER.parse(path.read_bytes()).root_node
        self.declarations = tuple(_declarations(self._root))

    @property
    def errors(self) -> list[str]:
        """What the grammar does not allow, with line and column."""
        return [
            f"{self.path.name}:{node.start_point[0] + 1}:{node.start_point[1] + 1}: not Bicep"
            for node in _walk(self._root)
            if node.is_error or node.is_missing
        ]

    def of(self, kind: str) -> dict[str, Declaration]:
        """Declarations of a kind by name."""
        return {each.name: each for each in self.declarations if each.kind == kind}

    def resources(self, type_: str) -> list[Declaration]:
        """Resources of a type, whatever their API version; existing ones too."""
        return [each for each in self.of("resource").values() if each.target.split("@")[0] == type_]

    @cached_property
    def names_used(self) -> list[tuple[str, int]]:
        """Every name an expression uses, with its line, but for names bound by a loop or lambda around it."""
        return [(text, line) for text, line, kind in self._uses() if kind == "name"]

    @cached_property
    def functions_used(self) -> list[tuple[str, int]]:
        """Every function an expression calls by its bare name, with the line."""
        return [(text, line) for text, line, kind in self._uses() if kind == "function"]

    @cached_property
    def outputs_used(self) -> list[tuple[str, str, int]]:
        """Module, output and line of every `module.outputs.name`."""
        found = []
        for node in _walk(self._root):
            chain = _chain(node) if node.type == "member_expression" else ()
            if len(chain) == 3 and chain[1] == "outputs":
                found.append((chain[0], chain[2], node.start_point[0] + 1))
        return found

    @cached_property
    def loops_in_calls(self) -> list[int]:
        """Lines of loops inside a function's arguments, where Bicep takes none: ARM cannot say it."""
        calls = [node for node in _walk(self._root) if node.type == "arguments"]
        inside = [each for call in calls for each in _walk(call) if each.type == "for_statement"]
        return sorted({each.start_point[0] + 1 for each in inside})

    def texts(self) -> Iterator[tuple[str, int]]:
        """Every string as it is written, without its quotes, with its line."""
        for node in _walk(self._root):
            if node.type == "string":
                yield _text(node)[1:-1], node.start_point[0] + 1

    def _uses(self) -> Iterator[tuple[str, int, str]]:
        for declaration in self.declarations:
            if declaration.node is not None:
                yield from _uses(declaration.node, frozenset())


def bicep_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Every Bicep file in `folder` and below, but for those with an extension."""
    files = sorted(folder.rglob("*.bicep"))
    return [path for path in files if not path.read_text(encoding="utf-8").startswith("extension ")]


def _declarations(root: Node) -> Iterator[Declaration]:
    decorators: dict[str, Value] = {}
    for node in root.named_children:
        if node.type == "decorators":
            decorators = dict(_decorator(each) for each in node.named_children)
            continue
        kind = _DECLARATIONS.get(node.type)
        if kind is not None:
            yield _declaration(kind, node, decorators)
        if node.type != "comment":
            decorators = {}


def _declaration(kind: str, node: Node, decorators: Mapping[str, Value]) -> Declaration:
    named = node.named_children
    equals = next((place for place, child in enumerate(node.children) if child.type == "="), None)
    value = _value(node.children[equals + 1]) if equals is not None else None
    target = ""
    if kind in {"resource", "module"}:
        target = str(_value(named[1]))
    elif kind in {"param", "output"}:
        target = _text(named[1])
    line = node.start_point[0] + 1
    return Declaration(kind, _text(named[0]), line, target, value, decorators, node)


def _decorator(node: Node) -> tuple[str, Value]:
    call = node.named_children[0]
    arguments = call.named_children[1].named_children
    return _text(call.named_children[0]), _value(arguments[0]) if arguments else None


def _value(node: Node) -> Value:
    match node.type:
        case "string":
            return _string(node)
        case "number":
            return int(_text(node))
        case "boolean":
            return _text(node) == "true"
        case "null":
            return None
        case "array":
            return [_value(child) for child in node.named_children if child.type != "comment"]
        case "object":
            properties = [child for child in node.named_children if child.type == "object_property"]
            return {_key(each): _value(each.named_children[-1]) for each in properties}
        case "if_statement" | "for_statement":
            return _value(node.named_children[-1])
    return Expression(_text(node))


def _key(node: Node) -> str:
    key = node.named_children[0]
    return _text(key)[1:-1] if key.type == "string" else _text(key)


def _string(node: Node) -> Value:
    if any(child.type == "interpolation" for child in node.named_children):
        return Expression(_text(node))
    parts = (
        _text(child)[1:] if child.type == "escape_sequence" else _text(child) for child in node.named_children
    )
    return "".join(parts)


def _uses(node: Node, bound: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    """Names and functions under `node`; the declared name, types and property keys are no uses."""
    line = node.start_point[0] + 1
    if node.type == "for_statement":
        yield from _uses_of_loop(node, bound)
        return
    if node.type == "lambda_expression":
        bound = bound | {_text(node.named_children[0])}
    children = list(node.named_children)
    if node.type in _DECLARATIONS:
        children = [child for child in children[1:] if child.type != "type"]
    elif node.type == "object_property" and children[0].type == "identifier":
        children = children[1:]
    elif node.type == "call_expression" and children[0].type == "identifier":
        yield _text(children[0]), line, "function"
        children = children[1:]
    for child in children:
        if child.type == "identifier" and _text(child) not in bound:
            yield _text(child), child.start_point[0] + 1, "name"
        yield from _uses(child, bound)


def _uses_of_loop(node: Node, bound: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    before = [child for child in node.children if child.start_byte < _keyword(node, "in").start_byte]
    variables = {_text(each) for child in before for each in _walk(child) if each.type == "identifier"}
    for child in node.children[len(before) :]:
        inside = bound | variables
        if child.type == "identifier" and _text(child) not in inside:
            yield _text(child), child.start_point[0] + 1, "name"
        yield from _uses(child, inside)


def _keyword(node: Node, word: str) -> Node:
    return next(child for child in node.children if child.type == word)


def _chain(node: Node) -> tuple[str, ...]:
    """`a.b.c` as its parts; empty where it does not begin with a name."""
    parts: list[str] = []
    while node.type == "member_expression":
        parts.append(_text(node.named_children[-1]))
        node = node.named_children[0]
    return (_text(node), *reversed(parts)) if node.type == "identifier" else ()


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()
