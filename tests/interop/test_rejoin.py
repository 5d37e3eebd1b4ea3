"""What a client was sent and what an answer begun anew says are joined, or it is told that they cannot be."""

import pytest

from folkmoot.interop.openai.rejoin import BegunAnewError, Rejoined


def test_words_that_come_again_are_passed_over() -> None:
    words = Rejoined()
    assert words.said("One two ") == "One two "
    words.anew()
    assert [words.said("One "), words.said("two th"), words.said("ree")] == ["", "th", "ree"]
    assert words.whole("One two three.") == "."


def test_an_answer_that_says_something_else_cannot_be_joined() -> None:
    words = Rejoined()
    words.said("One two")
    words.anew()
    words.said("One")
    with pytest.raises(BegunAnewError):
        words.said(" three")


def test_an_answer_that_ends_short_of_what_was_sent_cannot_be_joined() -> None:
    words = Rejoined()
    words.said("One two")
    words.anew()
    words.said("One")
    with pytest.raises(BegunAnewError):
        words.whole("One")


def test_where_nothing_was_sent_an_answer_may_begin_as_it_likes() -> None:
    words = Rejoined()
    words.anew()
    assert words.said("Another") == "Another"
