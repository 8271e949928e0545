"""Vocabularies the evidence on a partner leaves open: an adapter's defaults, which a setting replaces."""

from collections.abc import Mapping
from types import MappingProxyType

from ingest_threat.partners._fields import plain_word

PartnerWords = Mapping[tuple[str, str], tuple[str, ...]]
"""For a partner's slug and the name of one of its vocabularies, the words set instead of the defaults."""
DEFAULT: PartnerWords = MappingProxyType({})
"""Nothing is set: every adapter's own words."""


def in_force(
    partner: str, declared: Mapping[str, tuple[str, ...]], words: PartnerWords
) -> dict[str, tuple[str, ...]]:
    """Each declared vocabulary, as set or by default, its words as the reader `word` gives a field's."""
    return {
        name: tuple(plain_word(word) for word in words.get((partner, name), default))
        for name, default in declared.items()
    }
