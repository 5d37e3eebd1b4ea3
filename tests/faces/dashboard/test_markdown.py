"""What agents write becomes what they meant, and nothing more."""

import random

import pytest

from folkmoot.dashboard.components.markdown import Growing, render

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onmouseover=alert(1)>bold</b>",
    "<div\nonclick=alert(1)>\n\nhello",
    "```<script>\n<script>alert(1)</script>\n```",
    "| <img src=x onerror=alert(1)> | b |\n|---|---|\n| <svg onload=alert(1)> | c |",
    '[x](https://a.example/" onmouseover="alert(1))',
    '![a" onerror="alert(1)](https://a.example/x.png "t\\" onload=\\"alert(1)")',
    "<!-- --><style>body{display:none}</style>",
    "# <iframe src=https://a.example></iframe>",
]
PARTS = ("word ", "\n", "\n\n", "- ", "1. ", "```\n", "> ", "<x ", "|", "*", "  ", "# ")
WRITTEN = """# Plan

We do *three* things, in `order`:

1. one

2. two
   - inner

| a | b |
|---|---|
| 1 | 2 |

```python
def three(value: int) -> str:
    return f"<{value}>"

```

    indented code

> said
> twice

Last words\rwith another\u2028line end, and a [link](https://a.example/?a=1&b=2).
"""


@pytest.mark.parametrize("text", HOSTILE)
def test_html_is_shown_as_the_text_it_is(text: str) -> None:
    shown = render(text)
    for begun in ("<script", "<img", "<b ", "<svg", "<style", "<iframe", "<div\n", "<div onclick"):
        assert begun not in shown
    for part in shown.split(">"):
        tag = part.rpartition("<")[2]
        assert " on" not in tag.replace("&quot;", ""), shown


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "/dashboard/people", "vbscript:x", "#x"])
def test_links_lead_to_the_web_alone(target: str) -> None:
    assert "<a" not in render(f"[there]({target}) ![there]({target})")


def test_a_link_opens_elsewhere_and_a_picture_is_a_link() -> None:
    assert (
        render("[a](https://a.example/?x=1&y=2)")
        == '<p><a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer nofollow">a</a></p>\n'
    )
    assert "<img" not in render("![a chart](https://a.example/x.png)")
    assert ">a chart</a>" in render("![a chart](https://a.example/x.png)")


def test_code_bears_its_language_its_colours_and_a_button() -> None:
    shown = render("```python\ndef f(): ...\n```")
    assert "<span>python</span>" in shown
    assert '<span class="k">def</span>' in shown
    assert "data-copy-code" in shown
    assert "<pre" in render("```no-such-language\nx < y\n```")
    assert "x &lt; y" in render("```no-such-language\nx < y\n```")


def test_headings_stand_below_those_of_the_page() -> None:
    assert render("# One\n\n##### Five") == "<h3>One</h3>\n<h6>Five</h6>\n"


@pytest.mark.parametrize("seed", range(20))
def test_a_text_that_grows_ends_as_if_it_had_come_at_once(seed: int) -> None:
    chance, growing, at = random.Random(seed), Growing(), 0
    while at < len(WRITTEN):
        at += chance.randint(1, 40)
        growing.render(WRITTEN[:at])
    assert "".join(growing.render(WRITTEN)) == render(WRITTEN)


@pytest.mark.parametrize("seed", range(40))
def test_no_text_stops_it(seed: int) -> None:
    chance, growing, text = random.Random(seed), Growing(), ""
    for part in chance.choices(PARTS, k=60):
        text += part
        growing.render(text)
    assert "<x" not in render(text)
