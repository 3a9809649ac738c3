"""One segment of a path, decoded: a subscriber's id may hold anything, an encoded slash too."""

from urllib.parse import quote, unquote


class SegmentConverter:
    """Requests are routed by their encoded path (see `hub.api.middleware`), so a segment is decoded here."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        try:
            return unquote(value, errors="strict")
        except UnicodeDecodeError as error:
            raise ValueError(value) from error

    def to_url(self, value: object) -> str:
        return quote(str(value), safe="")
