"""A long conversation is kept in mind: the end as it was, the beginning in short."""

from folkmoot.memory.conversation import Said, in_mind


def test_a_short_conversation_is_kept_as_it_is() -> None:
    turns = [Said("user", "Hello."), Said("agent", "Hello, how can I help?")]
    found = in_mind(turns)
    assert (list(found.turns), found.summary) == (turns, "")


def test_what_does_not_fit_is_kept_in_short_by_what_it_was_about() -> None:
    turns = [
        Said("user", "We plan the budget of the spring campaign. Sunshine outside today."),
        Said("agent", "The budget of the campaign is 5,000 euros. Ha!"),
        *[Said("user", f"Budget question {number}: what about the campaign budget?") for number in range(20)],
        Said("agent", "The last word."),
    ]
    found = in_mind(turns, window=200, summary=150)
    assert found.turns[-1] == turns[-1]
    assert sum(len(one.text) for one in found.turns) <= 200
    assert len(found.summary) <= 150
    assert "budget" in found.summary
    assert "Sunshine" not in found.summary
    for line in found.summary.splitlines():
        role, _, sentence = line.partition(": ")
        assert any(one.role == role and sentence in one.text for one in turns)  # quoted, not invented


def test_the_last_turn_is_kept_however_long_it_is() -> None:
    found = in_mind([Said("user", "before"), Said("user", "x" * 1000)], window=10)
    assert [len(one.text) for one in found.turns] == [1000]
    assert found.summary == "user: before"
    assert in_mind([]).turns == ()
