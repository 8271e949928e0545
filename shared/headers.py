"""The headers of a request or an answer, read without regard to case. Pure."""

from collections.abc import Iterator, Mapping


class Headers(Mapping[str, str]):
    """Header names are ASCII and mean the same in any case (RFC 9110, 5.1)."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {str(name).lower(): str(value) for name, value in values.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def media_type(self) -> str:
        """What the body is, in lower case and without parameters; empty where it is not said."""
        return self.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """How the body's text is encoded, in lower case; None where it is not said."""
        for parameter in self.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.strip().lower().partition("=")
            if name == "charset":
                return value.strip('"')
        return None
