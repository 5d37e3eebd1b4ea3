"""An answer ends where the client wants it ended, however it comes in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot.interop.openai.cut import Cutter


def cut(pieces: list[str], **wanted: object) -> tuple[str, str | None]:
    cutter = Cutter(**wanted)  # type: ignore[arg-type]  # as each test writes them
    said = "".join(cutter.feed(piece) for piece in pieces)
    return said + cutter.finish(), cutter.ended


def test_without_a_wish_everything_is_said_as_it_comes() -> None:
    cutter = Cutter()
    assert [cutter.feed("one "), cutter.feed("two"), cutter.finish()] == ["one ", "two", ""]
    assert cutter.ended is None


def test_an_answer_ends_before_a_stop_sequence_across_the_border_of_pieces() -> None:
    assert cut(["Hello EN", "D of it"], stops=["END"]) == ("Hello ", "stop")
    assert cut(["Hello E", "N", "D"], stops=["END"]) == ("Hello ", "stop")
    assert cut(["Hello EN", "OUGH"], stops=["END"]) == ("Hello ENOUGH", None)
    assert cut(["Hello EN"], stops=["END"]) == ("Hello EN", None)


def test_the_first_of_several_stop_sequences_counts() -> None:
    assert cut(["one; two. three"], stops=[".", ";"]) == ("one", "stop")


def test_what_may_be_the_beginning_of_a_stop_sequence_is_held_back_and_nothing_else() -> None:
    cutter = Cutter(stops=["\n\nUser:"])
    assert cutter.feed("Fine.\n") == "Fine."
    assert cutter.feed("\nAnd") == "\n\nAnd"


@pytest.mark.parametrize(
    ("most", "said", "ended"),
    [
        (1, "One", "length"),
        (2, "One,", "length"),
        (3, "One, two", "length"),
        (5, "One, two three", "length"),  # a long word counts for each four letters
        (6, "One, two three.", None),
        (99, "One, two three.", None),
    ],
)
def test_an_answer_ends_after_so_many_tokens(most: int, said: str, ended: str | None) -> None:
    assert cut(["One, two three."], most=most) == (said, ended)


@given(
    st.text("ab .E"), st.lists(st.integers(1, 4), max_size=30), st.sampled_from(["E", "aE", "a.a"]), st.integers(1, 9)
)
def test_how_it_comes_in_pieces_changes_nothing(text: str, sizes: list[int], stop: str, most: int) -> None:
    pieces, rest = [], text
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    wanted = {"stops": [stop], "most": most}
    whole, ended = cut([text], **wanted)
    parts, how = cut([*pieces, rest], **wanted)
    assert (parts.rstrip(), how) == (whole.rstrip(), ended)
    assert stop not in parts
