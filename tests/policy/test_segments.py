"""How many SMS a text takes, and where it is cut."""

import pytest

from hub.policy.segments import is_gsm, segments, shorten

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        # everything that the alphabet has besides ASCII's letters
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà" * 3, 1),
        # two units each
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 159 + "€", 2),
        ("a" * 158 + "€", 1),
        ("^{}\\[~]|€\f" * 8, 1),
        # not torn in two: 152 and 2 don't fit into 153
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 151 + "€" + "a" * 153, 2),
        # one character of another alphabet, and all have 16 bits
        ("ç", 1),
        ("a" * 69 + "ç", 1),
        ("a" * 70 + "ç", 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("`" * 71, 2),
        ("“quoted”" + "a" * 63, 2),
        # an emoji is two units, and not torn
        ("\U0001f600" * 35, 1),
        ("\U0001f600" * 36, 2),
        ("я" * 66 + "\U0001f600" + "я" * 66, 3),
        ("я" * 65 + "\U0001f600" + "я" * 67, 2),
    ],
)
def test_what_a_text_takes(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("short", 1, "short"),
        ("a" * 160, 1, "a" * 160),
        ("a" * 161, 1, "a" * 157 + "..."),
        ("a" * 400, 2, "a" * 303 + "..."),
        ("€" * 100, 1, "€" * 78 + "..."),
        ("я" * 71, 1, "я" * 69 + "…"),
        ("я" * 400, 3, "я" * 200 + "…"),
        ("a" * 156 + " bcdefg", 1, "a" * 156 + "..."),
        # neither a family nor an accent is torn off
        ("я" * 66 + FAMILY + "я" * 9, 1, "я" * 66 + "…"),
        ("я" * 68 + "e\u0301" + "я" * 9, 1, "я" * 68 + "…"),
        ("я" * 66 + "\U0001f44d\U0001f3fd" + "я" * 9, 1, "я" * 66 + "…"),
    ],
)
def test_where_it_is_cut(text: str, most: int, cut: str) -> None:
    assert shorten(text, most) == cut
    assert segments(cut) <= most


def test_an_ellipsis_never_changes_the_alphabet() -> None:
    assert is_gsm(shorten("a" * 1_000, 3))
    assert not is_gsm("…")
