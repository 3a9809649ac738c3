"""Templates that are written to hold a thread: by their source, and by what they do when they are filled."""

import time
from contextlib import suppress

from hub.content.budget import SECONDS
from hub.content.filters import MAX_TEXT
from hub.content.liquid import MAX_SOURCE, check_template_source, fill
from hub.exceptions import InvalidRequest

N = MAX_SOURCE
# The clock is looked at between steps, and a source is read before it is filled.
MOST = SECONDS + 0.75
VALUES = {"data": {"list": list(range(2_000)), "long": "a" * 60_000, "words": "ab " * 20_000, "no": ""}}
PARTIALS = {
    "itself": "{% render 'itself' %}",
    "twice": "{% render 'twice' %}{% render 'twice' %}",
    **{f"bomb{n}": f"{{% render 'bomb{n + 1}' %}}" * 9 for n in range(12)},
    "bomb12": "x",
    "wide": "{% for i in (1..999) %}{{ data.no }}{% endfor %}",
}


def loops(body: str, times: int = 1000) -> str:
    return f"{{% for i in (1..{times}) %}}{body}{{% endfor %}}"


READING = {
    "openings": "{{" * (N // 2),
    "tag openings": "{%" * (N // 2),
    "raws": "{% raw %}" * (N // 9),
    "docs": "{% doc %}" * (N // 9),
    "comments and raws": "{% comment %}{% raw %}" * (N // 23),
    "comments": "{% comment %}" * (N // 13),
    "ifs": "{% if true %}" * (N // 13),
    "deep ifs": "{% if true %}" * 3_000 + "{% endif %}" * 3_000,
    "blanks": "{{" + " " * (N - 4) + "}}",
    "runs of blanks": ("{{" + " " * 99 + "}}") * (N // 103),
    "blanks within": "{{ a" + " " * (N - 6) + "}}",
    "quotes": "{{ '" + "'\"" * (N // 2 - 4) + " }}",
    "digits": "{{ " + "9" * (N - 6) + " }}",
    "brackets": "{{ " + "(" * (N - 6) + " }}",
    "short brackets": ("{{ " + "(" * 1_900 + " }}") * (N // 1_906),
    "dots": "{{ a" + ".a" * (N // 2 - 4) + " }}",
    "terms": "{% if " + "1==1 and " * (N // 9 - 4) + "true %}{% endif %}",
    "filters": "{{ 1" + "|abs" * (N // 4 - 4) + " }}",
    "outputs": "{{data.no}}" * (N // 14),
    "loops": "{% for i in (1..2) %}{% endfor %}" * (N // 34),
    "lines": "{% liquid\n" + "assign a = 1\n" * 7_600 + "%}",
    "cases": "{% case 1 %}" + "{% when 1 %}" * (N // 13 - 2) + "{% endcase %}",
    "newlines": "\n" * (N - 3) + "{%-",
}
FILLING = {
    "outputs in a loop": loops("{{data.no}}" * 7_000),
    "conditions in a loop": loops(("{% if " + "1==1 and " * 200 + "true %}{% endif %}") * 50),
    "assigns": "".join(f"{{% assign v{n} = 1 %}}" for n in range(4_500)),
    "loop after loop": loops("{{data.no}}") * 1_900,
    "nested loops": loops(loops("{{data.no}}", 30), 30) * 900,
    "upper case": loops(("{{ data.long" + "|upcase" * 200 + " | size }}") * 60),
    "words": loops("{{ data.words | split: ' ' | size }}" * 900),
    "sorting": loops("{{ data.list | sort | reverse | uniq | size }}" * 900),
    "html": loops("{{ data.long | escape | strip_html | newline_to_br | size }}" * 900),
    "tags to strip": loops("{{ data.long | replace: 'a', '<' | strip_html | size }}" * 900),
    "captures": loops("{% capture x %}{{ data.long }}{% endcapture %}" * 900),
    "a huge exponent": "{{ '1e999999999' | plus: 1 }}",
    "a huge exponent rounded": "{{ '1e9999999' | floor }}",
    "a huge exponent multiplied": "{{ '1e9999999' | times: '1e9999999' }}",
    "a huge exponent divided": "{{ '1e9999999' | divided_by: 3 }}",
    "a huge modulo": "{{ '1e9999999' | modulo: 3 }}",
    "a huge range": "{% for i in (1..99999999999) limit: 2 %}x{% endfor %}",
    "a huge range offset": "{% for i in (1..99999999999) offset: 99999999990 %}x{% endfor %}",
    "a huge range reversed": "{% for i in (1..99999999999) reversed limit: 2 %}x{% endfor %}",
    "a huge range turned round": "{% for i in (1..99999999999) reversed %}x{% endfor %}",
    "a huge table": "{% tablerow i in (1..99999999999) cols: 2 %}x{% endtablerow %}",
    "a huge size": "{{ (1..99999999999) | size }}",
    "a huge last": "{{ (1..99999999999) | last }}",
    "a huge slice": "{{ data.long | slice: 0, 99999999999 | size }}",
    "a huge date": "{{ 'now' | date: data.long }}",
    "dates": loops("{{ 'Jan 1 2030 10:00:00' | date: '%c %c %c %c' }}" * 900),
    "itself": "{% render 'itself' %}",
    "twice itself": "{% render 'twice' %}",
    "a bomb": "{% render 'bomb0' %}",
    "partials in a loop": "{% render 'wide' for data.list %}",
    "wide partials": "{% render 'wide' %}" * 4_000,
}


def seconds(name: str) -> float:
    """What one of READING or FILLING takes of the processor, to be refused or filled."""
    source = READING.get(name) or FILLING[name]
    begin = time.thread_time()
    with suppress(InvalidRequest):
        if name in READING:
            check_template_source(source, field="title", variables=frozenset({"data", "a"}))
        assert len(fill(source, VALUES, field="title", partials=PARTIALS)) <= MAX_TEXT
    return time.thread_time() - begin
