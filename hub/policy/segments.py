"""How many SMS a text takes, which is what it costs. Pure.

A text of GSM 03.38's characters alone has 7 bits each: 160 in one SMS, 153 in each of several, as their header takes some.
One other character, and all of them have 16 bits: 70 in one SMS, 67 in each of several. What takes two units, such as
`€` of the one and an emoji of the other, is never torn in two.
"""

import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# an escape and a second character
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENDED
# units in the only SMS, and in each of several
_GSM_ROOM = (160, 153)
_UCS2_ROOM = (70, 67)
# what a character before or after is one with
_JOINER = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)


def is_gsm(text: str) -> bool:
    """Whether all of its characters have 7 bits."""
    return _GSM.issuperset(text)


def segments(text: str) -> int:
    """How many SMS `text` takes; 0 for an empty one."""
    alone, each = _GSM_ROOM if is_gsm(text) else _UCS2_ROOM
    widths = _widths(text)
    if sum(widths) <= alone:
        return 1 if text else 0
    count, left = 1, each
    for width in widths:
        if width > left:
            count, left = count + 1, each
        left -= width
    return count


def shorten(text: str, most: int) -> str:
    """`text`, or as much of its beginning as takes `most` SMS together with an ellipsis in its own alphabet."""
    if segments(text) <= most:
        return text
    ellipsis = "..." if is_gsm(text) else "…"
    # with this ellipsis a longer beginning never takes fewer SMS than a shorter one: search by halves
    low, high = 0, min(len(text), most * _GSM_ROOM[0])
    while low < high:
        middle = (low + high + 1) // 2
        if segments(text[:middle].rstrip() + ellipsis) <= most:
            low = middle
        else:
            high = middle - 1
    return text[: _between_characters(text, low)].rstrip() + ellipsis


def _widths(text: str) -> list[int]:
    if is_gsm(text):
        return [2 if character in _EXTENDED else 1 for character in text]
    return [2 if ord(character) > 0xFFFF else 1 for character in text]


def _between_characters(text: str, end: int) -> int:
    """The last place before `end` that tears no accent off its letter and no family apart."""
    while 0 < end < len(text) and (_clings(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return end


def _clings(character: str) -> bool:
    """It changes the character before it: an accent, a skin colour, a joiner."""
    return unicodedata.category(character) in ("Mn", "Me") or character == _JOINER or ord(character) in _MODIFIERS
