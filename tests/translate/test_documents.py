"""Mark-up outlives translation, whatever the network does with it."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tightrope.errors import BadInputError
from tightrope_translate.documents import FORMATS, kind_of, translate_document
from tightrope_translate.documents.blocks import PRIVATE
from tightrope_translate.documents.html import INLINE, VOID
from tightrope_translate.engine import Result
from tightrope_translate.segments import split
from tightrope_translate.translator import Translation


def results(blocks: Sequence[str], change: object) -> list[Result]:
    assert callable(change)
    found = []
    for block in blocks:
        sentences = split(block)
        made = tuple(Translation(change(sentence.text), 1.0, True) for sentence in sentences)
        text = "".join(one.text + sentence.gap for one, sentence in zip(made, sentences, strict=True))
        found.append(Result(text, "en", "de", made, True, text))
    return found


def same(blocks: Sequence[str]) -> list[Result]:
    return results(blocks, str)


def loud(blocks: Sequence[str]) -> list[Result]:
    return results(blocks, str.upper)


def forgetful(blocks: Sequence[str]) -> list[Result]:
    """Loses every mark."""
    return results(blocks, lambda text: PRIVATE.sub("", text).upper())


def shuffled(blocks: Sequence[str]) -> list[Result]:
    """Turns the words around, and the marks with them."""
    return results(blocks, lambda text: " ".join(reversed(text.split())))


HTML = """<!doctype html>
<html lang="en"><head><title>Our hotel</title><style>p > b { color: red }</style></head><body>
<h1>Welcome &amp; enjoy!</h1><!-- <p>not this</p> -->
<p>Breakfast is from <b>7:00</b> to <a href="x?a=1&amp;b=2" title="a > b">ten</a>.</p>
<ul><li>No smoking<li>The <code>wifi</code> is free</ul><pre>do not
touch</pre><script>if (a < b) { alert("Hello"); }</script>
<p translate="no">Keep <b>this</b></p><br/><p class="x notranslate">Keep</p>5 &lt; 6&nbsp;m
</body></html>
"""


class Nesting(HTMLParser):
    """Fails where an inline element is closed that is not the last one opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in INLINE and tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in INLINE and tag not in VOID:
            assert self.open.pop() == tag


def test_html_is_the_same_but_for_its_text() -> None:
    assert translate_document(HTML, "html", same).text == HTML
    shouted = translate_document(HTML, "html", loud).text
    assert "<h1>WELCOME &amp; ENJOY!</h1>" in shouted
    assert '<p>BREAKFAST IS FROM <b>7:00</b> TO <a href="x?a=1&amp;b=2" title="a > b">TEN</a>.</p>' in shouted
    assert "<li>THE <code>wifi</code> IS FREE</ul>" in shouted
    for kept in ("<!-- <p>not this</p> -->", "do not\ntouch", 'alert("Hello")', "Keep <b>this</b>", ">Keep<", "p > b"):
        assert kept in shouted


@pytest.mark.parametrize("translate", [forgetful, shuffled])
def test_html_stays_well_formed(translate: object) -> None:
    text = (
        "<p>One <b>two <i>three</i> four</b> five <br> six <a href=q>seven</a> eight 9 <em>9</em>. Ten <u>11</u>.</p>"
    )
    assert callable(translate)
    found = translate_document(text, "html", translate).text
    Nesting(found)
    for tag in ("<b>", "</b>", "<i>", "</i>", "<br>", "<a href=q>", "</a>", "<em>", "<u>"):
        assert found.count(tag) == text.count(tag)


def test_a_number_keeps_its_mark_where_the_network_lost_it() -> None:
    text = "<p>From <b>7:45</b> on it is open.</p>"
    assert "<b>7:45</b>" in translate_document(text, "html", forgetful).text


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<b>", "</b>", "<p>", "</p>", "<br>", "<!--", "-->", "<", ">", "&amp;", "&", "a b", ".\n", "<x "]
        )
        | st.text(max_size=4)
    ).map("".join)
)
def test_no_html_is_too_broken(text: str) -> None:
    for translate in (same, forgetful, shuffled):
        translate_document(text, "html", translate)


MARKDOWN = """---
title: Not this
---
# The menu #

We have **fresh** bread and [good coffee](https://x.org "t"),
and it costs 12.50 euros. Run `make 10` now.

> I don't know
> where *he* is.

1. Open the door.
   - Nested \\* item
2. Close it ![alt](a.png).

| Food | Price |
|------|------:|
| Bread | 3.50 |

```python
print("hello")
```

    indented code

Setext
======
<div>html</div>
"""


def kinds(text: str) -> list[tuple[str, str]]:
    """The structure of a document: block and inline tokens, without their text."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    found = []
    for token in parser.parse(text):
        inside = [child for child in token.children or [] if child.type not in {"text", "softbreak"}]
        found += [(token.type, token.tag), *((child.type, child.tag) for child in inside)]
    return found


def test_markdown_keeps_its_structure() -> None:
    shouted = translate_document(MARKDOWN, "markdown", loud).text
    assert kinds(shouted) == kinds(MARKDOWN)
    assert 'WE HAVE **FRESH** BREAD AND [GOOD COFFEE](https://x.org "t"), AND IT COSTS' in shouted
    assert "> I DON'T KNOW WHERE *HE* IS." in shouted
    assert "RUN `make 10` NOW." in shouted
    for kept in ("title: Not this", 'print("hello")', "    indented code", "<div>html</div>", "![alt](a.png)"):
        assert kept in shouted


@pytest.mark.parametrize("fence", ["---", "+++"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_front_matter_stays_with_any_line_end(fence: str, line_end: str) -> None:
    head = line_end.join([fence, "title: My page", "layout: post", fence, ""])
    assert translate_document(f"{head}{line_end}Hello.{line_end}", "markdown", loud).text == (
        f"{head}{line_end}HELLO.{line_end}"
    )


@pytest.mark.parametrize(
    "link", ["[town](https://x.org/wiki/Berlin_(city))", "[town](guide.md 'The guide')", "![town](a_(b).png)"]
)
def test_addresses_with_brackets_and_titles_are_links(link: str) -> None:
    address = link.split("](")[1]
    text = translate_document(f"See {link} on a map.", "markdown", forgetful).text
    assert f"]({address}" in text
    assert text.count("(") == link.count("(")


def test_boxes_of_tasks_and_breaks_are_no_words() -> None:
    text = "- [x] buy milk\n- [ ] call<br>**home** now\n"
    assert translate_document(text, "markdown", loud).text == "- [x] BUY MILK\n- [ ] CALL<br>**HOME** NOW\n"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["# ", "> ", "- ", "1. ", "**", "*", "`", "```\n", "[a](b)", "|", "\n", "\n\n", "x y", "---\n", "\\"]
        )
        | st.text(max_size=3)
    ).map("".join)
)
def test_any_text_is_markdown(text: str) -> None:
    for translate in (same, forgetful):
        translate_document(text, "markdown", translate)


def test_subtitles_keep_their_times_and_lines() -> None:
    text = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Where is the\r\nstation now?</i>\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,500 X1:1\r\n- I don't know.\r\n- Ask {\\an8}him.\r\n"
    )
    assert translate_document(text, "srt", loud).text == (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>WHERE IS THE\r\nSTATION NOW?</i>\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,500 X1:1\r\n- I DON'T KNOW.\r\n- ASK {\\an8}HIM.\r\n"
    )


def test_no_line_of_a_subtitle_breaks_inside_a_tag() -> None:
    text = '1\n00:00:01,000 --> 00:00:02,500\nThis is where the <font color="#ffff00">old\nking</font> lived.\n'
    assert translate_document(text, "srt", same).text.splitlines()[2:] == [
        'This is where the <font color="#ffff00">old',
        "king</font> lived.",
    ]


@pytest.mark.parametrize("kind", FORMATS)
def test_private_characters_of_a_document_survive(kind: str) -> None:
    text = "00:00:01,000 --> 00:00:02,500\nA \U000f0003 sign and \U000f0000 another."
    assert translate_document(text, kind, same).text.replace("&gt;", ">").split() == text.split()
    assert sorted(PRIVATE.findall(translate_document(text, kind, forgetful).text)) == ["\U000f0000", "\U000f0003"]


def test_formats_by_name() -> None:
    assert kind_of(Path("a/Menu.HTML")) == "html"
    with pytest.raises(BadInputError, match="no format for"):
        kind_of(Path("letter.docx"))
    with pytest.raises(BadInputError, match="no document format"):
        translate_document("x", "pdf", same)
