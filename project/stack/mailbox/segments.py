"""How many SMS a text is: 160 characters of GSM 03.38, or 70 of UCS-2, and fewer in each where there are several."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
OTHERS = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
BASIC = frozenset(LETTERS + OTHERS)
EXTENDED = frozenset("\f^{}\\[~]|€")  # take two places each


def segments(text: str) -> tuple[int, str]:
    """The number of segments, and the alphabet: GSM-7 or UCS-2."""
    if all(char in BASIC or char in EXTENDED for char in text):
        return pieces([2 if char in EXTENDED else 1 for char in text], single=160, several=153), "GSM-7"
    return pieces([len(char.encode("utf-16-le")) // 2 for char in text], single=70, several=67), "UCS-2"


def pieces(places: list[int], *, single: int, several: int) -> int:
    """A character is never divided between two segments."""
    if sum(places) <= single:
        return 1
    count, used = 1, 0
    for width in places:
        if used + width > several:
            count, used = count + 1, 0
        used += width
    return count
