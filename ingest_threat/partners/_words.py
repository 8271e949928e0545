"""Vocabularies the evidence on a partner leaves open: an adapter's defaults, which a setting replaces."""

from collections.abc import Mapping
from types import MappingProxyType

from ingest_threat.partners._fields import plain_word

PartnerWords = Mapping[tuple[str, str], tuple[str, ...]]
"""The words set instead of the defaults, by partner's slug and name of the vocabulary."""
DEFAULT: PartnerWords = MappingProxyType({})
"""Nothing is set: the adapters' own words stand."""


def in_force(
    partner: str, declared: Mapping[str, tuple[str, ...]], words: PartnerWords
) -> dict[str, tuple[str, ...]]:
    """Each vocabulary an adapter declares, as set or by default, each word as `fields.word` returns it."""
    return {
        name: tuple(plain_word(word) for word in words.get((partner, name), default))
        for name, default in declared.items()
    }
