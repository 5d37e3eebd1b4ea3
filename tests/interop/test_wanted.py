"""What of a request is taken, and what is refused by the name of its field."""

import base64
from typing import Any

import pytest

from folkmoot.interop.openai.wanted import Asked, CompletionWanted, asked
from folkmoot.kernel import FolkmootError

HELLO = {"role": "user", "content": "Hello!"}
PIXEL = base64.b64encode(b"\x89PNG").decode()


def read(*messages: dict[str, Any], **fields: Any) -> Asked:
    return asked(CompletionWanted.model_validate({"model": "auto", "messages": messages or (HELLO,), **fields}))


def part(**fields: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": "See."}, fields]}


def test_the_last_message_is_the_turn_and_the_others_are_what_was_said_before() -> None:
    turn = read(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello."},
        {"role": "developer", "content": "In French."},
        {"role": "user", "content": [{"type": "text", "text": "And"}, {"type": "text", "text": "now?"}]},
    )
    assert turn.text == "And\nnow?"
    assert [(one.role, one.text) for one in turn.before.turns] == [("user", "Hi."), ("agent", "Hello.")]
    assert turn.before.instructions == "Be brief.\n\nIn French."


def test_pictures_and_files_come_as_data_urls() -> None:
    picture = {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"}
    [upload] = read(part(type="image_url", image_url=picture)).uploads
    assert (upload.name, upload.media_type, upload.data) == ("image-2.png", "image/png", b"\x89PNG")
    plan = {"filename": "plan.txt", "file_data": "data:text/plain;base64,UGxhbg=="}
    [upload] = read(part(type="file", file=plan)).uploads
    assert (upload.name, upload.data) == ("plan.txt", b"Plan")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"logprobs": True}, "logprobs"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"messages": [HELLO, {"role": "assistant", "content": "Hi."}]}, "messages.1"),
        ({"messages": [{"role": "system", "content": "Be brief."}]}, "messages.0"),
        ({"messages": [{"role": "tool", "content": "42"}, HELLO]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": "x" * 10_001}]}, "messages.0.content"),
        ({"messages": [part(type="image_url", image_url={"url": "https://a.example/x.png"})]}, "image_url.url"),
        ({"messages": [part(type="image_url", image_url={"url": "data:image/png;base64,?"})]}, "image_url.url"),
        ({"messages": [part(type="image_url", image_url={"url": "data:text/html;base64,QQ=="})]}, "image_url.url"),
        ({"messages": [part(type="input_audio", input_audio={})]}, "messages.0.content.1"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(FolkmootError) as refused:
        read(**{"messages": [HELLO], **fields}) if "messages" not in fields else read(*fields["messages"])
    assert str(refused.value.fields["field"]).endswith(named)


def test_what_says_nothing_is_taken() -> None:
    turn = read(
        n=1, tools=[], tool_choice="auto", response_format={"type": "text"}, temperature=0.2, seed=1, stop="END"
    )
    assert turn.stops == ("END",)
    assert read(max_tokens=5).most == 5
    assert read(max_tokens=5, max_completion_tokens=3).most == 3
