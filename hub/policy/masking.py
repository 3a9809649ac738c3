"""Addresses as they are shown: enough to recognise, not enough to use. Pure."""


def mask(address: str) -> str:
    """`a…@example.com` of a mail address; the first three and last two characters of a number, token or URL."""
    name, at, domain = address.rpartition("@")
    if at and "://" not in address:
        return f"{name[:1]}…@{domain}"
    return f"{address[:3]}…{address[-2:]}" if len(address) > 8 else "…"
