"""What is written to hold a thread doesn't: every template of the corpus is refused or filled within the budget.

Time is the processor's, of this thread: a busy machine changes nothing. `make chaos ARGS=templates` sees it fail.
"""

import pytest

from hub.content.liquid import fill
from hub.exceptions import InvalidRequest
from tests.content.hostile import FILLING, MOST, READING, VALUES, seconds


@pytest.mark.parametrize("name", [*READING, *FILLING])
def test_no_template_holds_a_thread(name: str) -> None:
    assert seconds(name) < MOST


def test_most_of_it_is_refused_for_its_work() -> None:
    with pytest.raises(InvalidRequest, match="too much work"):
        fill(FILLING["outputs in a loop"], VALUES, field="title")
