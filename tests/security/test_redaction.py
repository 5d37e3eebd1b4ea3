"""What is taken out of texts and what is left in; each line is a case."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkmoot.security.redaction import RedactionError, Redactor

FOUND = {
    "email": [
        "Jane.Doe+x@mail.example.co.uk", "zoë@müller.example", "jane (at) example (dot) com", "o'neil@example.org",
        "jane at example dot com",
    ],
    "phone": [
        "+49 171 2345678", "0171 2345678", "(415) 555-2671", "415-555-2671", "+1 (415) 555-2671", "06 12 34 56 78",
        "612 34 56 78", "0049 30 1234567", "089/123456-78", "+34 612 345 678", "020 7946 0958",
        "0171-2345678", "06.12.34.56.78", "612 345 678",
        "٠١٧١٢٣٤٥٦٧٨", "+39 347 123 4567",
        "06-12345678", "98765 43210", "@491511234567", "+55 11 91234-5678",
    ],
    "card": ["4111 1111 1111 1111", "5500-0055-5555-5559", "5500005555555559", "378282246310005", "6011111111111117"],
    "iban": [
        "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "fr1420041010050500013M02606",
        "NL91 ABNA 0417 1643 00",
    ],
    "address": [
        "221B Baker Street", "10 Downing St", "742 Evergreen Terrace, Springfield, IL 62704",
        "Hauptstraße 5, 10115 Berlin",
        "Lange Straße 12a", "Berliner Str. 7", "Schillerweg 3", "Kaiser-Wilhelm-Ring 3-5",
        "12 bis rue de la Paix, 75002 Paris",
        "5 avenue des Champs-Élysées", "Calle de Alcalá, 45", "Calle Mayor 3", "Via Roma 12", "Piazza del Duomo 1",
        "Keizersgracht 123, 1015 CJ Amsterdam", "Dorpsstraat 5", "Rua Augusta, 1500",
        "Unter den Linden 77, 10117 Berlin", "Gartenstr.7", "hauptstraße 5", "12 rue de la paix", "calle de alcalá 45",
        "221B Baker Street, London NW1 6XE", "1600 Pennsylvania Avenue NW, Washington, DC 20500", "10 downing street",
        "Laan van Meerdervoort 12", "Herengracht 12-3", "kerkstraat 12",
    ],
    "secret": [
        "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9, "sk-proj-abcDEF1234567890abcDEF", "xoxb-123456789012-abcdefghij",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "aG9sYTpzZWNyZXRvMTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OT1A4", "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    ],
}  # fmt: skip
INTRODUCED = {
    "password: hunter2": "password: [secret]",
    "Passwort ist Geheim123!": "Passwort ist [secret]!",
    "DB_PASSWORD=swordfish": "DB_PASSWORD=[secret]",
    '{"password": "swordfish"}': '{"password": "[secret]"}',
    "the wifi password is Blue42sky": "the wifi password is [secret]",
    "contraseña: gato": "contraseña: [secret]",
    "mot de passe : Soleil2024": "mot de passe : [secret]",
    "pin: 4821": "pin: [secret]",
    "PIN 4821": "PIN [secret]",
    "cvc 123": "cvc [secret]",
    "door code is 48291": "door code is [secret]",
    "password hunter2": "password [secret]",
    "login: admin pass: s3cret": "login: admin pass: [secret]",
    "the password for the server is hunter2": "the password for the server is [secret]",
    "api_key = 9f8e7d6c5b4a39281706": "api_key = [secret]",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "AWS_SECRET_ACCESS_KEY=[secret]",
    "postgres://bob:s3cr3t@db.example.com/x": "postgres://bob:[secret]@db.example.com/x",
    "Authorization: Bearer abcdef0123456789abcd": "Authorization: Bearer [secret]",
    "my number is 5551234567": "my number is [phone]",
    "mein Handy: 01711234567": "mein Handy: [phone]",
    "0171 2345678 / 0172 3456789": "[phone] / [phone]",
}
LEFT = [
    "meet at 09:30 on 31.01.2024", "2024-01-31T21:05:12Z", "31/01/2024, 21:05", "version 1.2.3.4 or v10.15.7",
    "price 1.234.567,89 EUR", "$1,234,567.89", "1 234 567 users", "2019-2024", "in 2023 2024 2025 2026",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b", "fixed in 9fceb02", "order #1234567890",
    "order number 4155552671",
    "ticket 123456789012", "1706735112000", "10.0.0.1:8080", "192.168.100.200", "issue 12345 and PR 67890",
    "the password is wrong", "das Passwort ist falsch", "password reset link", "my token is expired",
    "tokens: 1200 a call",
    "secret santa is on Friday", "the key is to listen", "5 people on the way", "3 days on the road", "Parkplatz 3",
    "Arbeitsplatz 12", "we met via Zoom 15 times", "Python 3.11.7", "https://github.com/a/b/issues/123456789",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "room 101, floor 12",
    "2 Google Drive links",
    "@alice hi", "3.14159265358979", "0.123456789", "ISBN 978-3-16-148410-0", "100-200 rows, 3000-4000 more",
    "x=1234567",
    "4111 1111 1111 1112", "DE89 3704 0044 0532 0130 01", "20240131123456", "AbstractSingletonProxyFactoryBean2024",
    "https://example.com/a-very-long-slug-with-many-words-2024", "uuid 123e4567-e89b-12d3-a456-426614174000",
    "auf Platz 3", "Via Slack 5", "foo@2x.png", "def login(password=None)", "password: str",
    "my order number is 5551234567",
    "a policy with basic GroupPagePermission queries",
    "5 minutes down the street", "use password sha256", "pin 12 items",
    "test_password_reset_sends_mail passes", "PIN entry screen", "12 angry men in the court", "",
]  # fmt: skip


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(("kind", "piece"), [(kind, piece) for kind, pieces in FOUND.items() for piece in pieces])
@pytest.mark.parametrize("frame", ["{}", "write this down: {}, please", "{}\nthanks"])
def test_personal_data_is_replaced_by_its_kind(redactor: Redactor, kind: str, piece: str, frame: str) -> None:
    redacted = redactor.redact(frame.format(piece))
    assert redacted.text == frame.format(f"[{kind}]")
    assert redacted.counts == {kind: 1}


@pytest.mark.parametrize(("text", "expected"), INTRODUCED.items())
def test_what_words_introduce_is_replaced_and_the_words_stay(redactor: Redactor, text: str, expected: str) -> None:
    assert redactor.redact(text).text == expected


@pytest.mark.parametrize("text", LEFT)
def test_other_numbers_and_words_stay(redactor: Redactor, text: str) -> None:
    redacted = redactor.redact(text)
    assert redacted.text == text
    assert not redacted.counts


def test_several_kinds_in_one_text_are_counted(redactor: Redactor) -> None:
    redacted = redactor.redact("a@b.example or c@d.example, +49 171 2345678, 10 Downing St")
    assert redacted.text == "[email] or [email], [phone], [address]"
    assert redacted.counts == {"email": 2, "phone": 1, "address": 1}


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_redacted_and_again_changes_nothing(text: str) -> None:
    redactor = Redactor()
    once = redactor.redact(text)
    assert redactor.redact(once.text).text == once.text


def test_a_finder_that_fails_fails_loudly() -> None:
    def broken(text: str) -> list[tuple[int, int]]:
        raise ValueError(text)

    with pytest.raises(RedactionError, match="nothing may be stored") as raised:
        Redactor(finders=(("email", broken),)).redact("secret words @")
    assert "secret words" not in raised.value.message


@pytest.mark.parametrize(
    "unit",
    [
        "1 ",
        "12345678901234567890",
        "a",
        "a@",
        "a.",
        "Aa ",
        "1 Aa ",
        "+1",
        "DE89",
        "eyJ",
        "password ",
        "//",
        "1-",
        "(",
        "aB3/",
    ],
)
def test_what_it_costs_grows_no_faster_than_the_text(redactor: Redactor, unit: str) -> None:
    def cost(size: int) -> float:
        text = unit * (size // len(unit))
        start = time.process_time()
        redactor.redact(text)
        return time.process_time() - start

    cost(2_000)
    small, large = max(cost(4_000), 0.004), cost(32_000)
    assert large < 8 * 5 * small
