"""Other people of a chat are hidden, wherever they are named; the person is not."""

import pytest

from folkmoot.twins.importers import Pseudonyms

OTHERS = ["Alice Jones", "Bob 🎉", "+49 151 2345678", "Will Grant", "Zoë Müller-Lang"]


@pytest.fixture
def hidden() -> Pseudonyms:
    return Pseudonyms(own=["John Smith"], others=OTHERS, key=b"key")


def test_the_same_names_and_key_give_the_same_letters_in_any_order(hidden: Pseudonyms) -> None:
    again = Pseudonyms(own=["John Smith"], others=reversed(OTHERS), key=b"key")
    assert [hidden.of(one) for one in OTHERS] == [again.of(one) for one in OTHERS]
    assert {hidden.of(one) for one in OTHERS} == {f"Person {letter}" for letter in "ABCDE"}
    other_key = Pseudonyms(own=["John Smith"], others=OTHERS, key=b"another")
    assert [hidden.of(one) for one in OTHERS] != [other_key.of(one) for one in OTHERS]


def test_the_person_keeps_the_own_name(hidden: Pseudonyms) -> None:
    assert hidden.of("John Smith") == "John Smith"
    assert hidden.is_own("john  smith")
    assert hidden.hide("John said hi to John Smith") == "John said hi to John Smith"


def test_names_in_texts_are_replaced_in_full_and_in_part(hidden: Pseudonyms) -> None:
    alice, bob, phone, zoe = (hidden.of(OTHERS[at]) for at in (0, 1, 2, 4))
    assert hidden.hide("ask Alice Jones, ALICE or alice's boss") == f"ask {alice}, {alice} or {alice}'s boss"
    assert hidden.hide("ask alice or Jones") == f"ask {alice} or {alice}"
    assert hidden.hide("@Bob and @491512345678: hi Zoë!") == f"@{bob} and @{phone}: hi {zoe}!"
    assert hidden.hide("Bobsled, malice") == "Bobsled, malice"


def test_a_name_that_is_a_word_is_hidden_only_where_it_stands_as_a_name(hidden: Pseudonyms) -> None:
    will = hidden.of("Will Grant")
    assert hidden.hide("Will it work? It will.") == "Will it work? It will."
    assert hidden.hide("I met Will and Will Grant") == f"I met {will} and {will}"


def test_addresses_and_links_are_left_whole_for_the_redactor(hidden: Pseudonyms) -> None:
    text = "alice@example.com https://example.com/alice"
    assert hidden.hide(text) == text


def test_a_first_name_that_two_people_share_is_somebody() -> None:
    hidden = Pseudonyms(own=[], others=["Ann Lee", "Ann Moore"], key=b"")
    assert hidden.hide("Ann came, not Ann Lee") == f"Person came, not {hidden.of('Ann Lee')}"


def test_names_that_come_later_get_the_next_letters() -> None:
    hidden = Pseudonyms()
    assert [hidden.of(f"name {n}") for n in range(28)][-3:] == ["Person Z", "Person AA", "Person AB"]
    assert hidden.of("name 0") == "Person A"
