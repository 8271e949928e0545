"""Every reader of what others send: a module of this folder each."""

from tests.fuzz import archives, dropped, files, graph_answers, polled, reports, rules_on_devices, tokens
from tests.fuzz.target import Target

MODULES = (reports, files, archives, dropped, tokens, rules_on_devices, graph_answers, polled)
TARGETS: tuple[Target, ...] = tuple(target for module in MODULES for target in module.targets())
