"""A model is a string: what each string means."""

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.address import complete, leaves_network
from folkmoot.models.errors import ModelNotConfiguredError, ModelUnavailableError, UnknownModelError
from folkmoot.models.providers import Offline, Ollama
from tests.models.shelf import hub_for
from tests.stub_model import StubModel

NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens there


async def test_auto_takes_the_configured_server_first(stub_model: StubModel) -> None:
    hub = hub_for(ModelSettings(openai_base_url=stub_model.base_url, ollama_host=stub_model.url))
    handle = await hub.resolve()
    assert (handle.name, handle.offline, handle.remote) == ("openai:stub-small", False, False)


async def test_auto_takes_a_reachable_ollama_when_no_key_is_set(stub_model: StubModel) -> None:
    stub_model.models = ["nomic-embed-text:latest", "llama3.2:3b"]
    handle = await hub_for(ModelSettings(ollama_host=stub_model.url)).resolve("auto")
    assert handle.name == "ollama:llama3.2:3b"


async def test_auto_ends_at_offline(stub_model: StubModel) -> None:
    handle = await hub_for(ModelSettings(ollama_host=NOWHERE)).resolve()
    assert (handle.name, handle.offline, handle.remote) == ("offline", True, False)
    stub_model.models = []  # an Ollama without a model is of no use either
    assert (await hub_for(ModelSettings(ollama_host=stub_model.url)).resolve()).offline


async def test_auto_asks_an_ollama_again_only_after_a_while(stub_model: StubModel, clock: SimulatedClock) -> None:
    settings = ModelSettings(ollama_host=stub_model.url)
    hub = ModelHub(settings=settings, providers=[Ollama(settings, clock=clock), Offline()])
    assert (await hub.resolve()).name == "ollama:stub-small"
    stub_model.models = ["other"]
    assert (await hub.resolve()).name == "ollama:stub-small"
    clock.advance(settings.probe_memory * 2)
    assert (await hub.resolve()).name == "ollama:other"


async def test_the_setting_is_used_unless_an_agent_names_its_own() -> None:
    hub = hub_for(ModelSettings(model="openai:gpt-5", openai_api_key="sk-x", ollama_host=NOWHERE))
    assert (await hub.resolve(None)).name == "openai:gpt-5"
    assert (await hub.resolve("ollama:llama3.2")).name == "ollama:llama3.2"
    assert (await hub.resolve("openai")).model == "gpt-5-mini"


@pytest.mark.parametrize("name", ["opnai:gpt-5", "gpt-5", "openai:", "offline:x", ":x"])
async def test_a_wrong_name_is_refused_with_the_right_ones(name: str) -> None:
    with pytest.raises(UnknownModelError, match="openai:<model>, anthropic:<model>, google:<model>, ollama"):
        await hub_for(ModelSettings(openai_api_key="k")).resolve(name)
    with pytest.raises(UnknownModelError):
        hub_for(ModelSettings()).check(name)


@pytest.mark.parametrize("name", ["auto", "offline", "openai", "openai:gpt-5", "ollama:llama3.2:3b"])
def test_a_name_is_checked_without_asking_anybody(name: str) -> None:
    hub_for(ModelSettings(ollama_host=NOWHERE)).check(name)


async def test_a_provider_without_its_key_says_what_to_set() -> None:
    with pytest.raises(ModelNotConfiguredError, match="OPENAI_API_KEY"):
        await hub_for(ModelSettings()).resolve("openai:gpt-5")


async def test_a_bare_provider_that_is_away_says_so() -> None:
    with pytest.raises(ModelUnavailableError, match="name one: ollama:<model>"):
        await hub_for(ModelSettings(ollama_host=NOWHERE)).resolve("ollama")


def test_a_bad_address_names_the_setting() -> None:
    with pytest.raises(ModelNotConfiguredError, match="OLLAMA_HOST"):
        Ollama(ModelSettings(ollama_host="ftp://x"), clock=SimulatedClock())


async def test_a_service_elsewhere_is_remote() -> None:
    hub = hub_for(ModelSettings(openai_api_key="k", ollama_host="http://127.0.0.1:11434"))
    assert (await hub.resolve("openai:gpt-5")).remote
    assert not (await hub.resolve("ollama:llama3.2")).remote
    assert (await hub.resolve("ollama:gpt-oss:120b-cloud")).remote  # runs elsewhere, though the server is here


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        ("http://localhost:1", False),
        ("http://127.0.0.1:1", False),
        ("http://[::1]:1", False),
        ("http://10.1.2.3", False),
        ("http://192.168.1.9:8000/v1", False),
        ("http://ollama:11434", False),
        ("http://box.local", False),
        ("http://gpu.internal.", False),
        ("https://api.openai.com/v1", True),
        ("http://8.8.8.8", True),
        ("http://10.evil.example", True),
        ("http://localhost.evil.example", True),
        ("", True),
    ],
)
def test_what_leaves_the_network(url: str, leaves: bool) -> None:
    assert leaves_network(url) is leaves


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("0.0.0.0:11500", "http://127.0.0.1:11500"),
        ("https://ollama.example", "https://ollama.example:443"),
        ("[::1]:11434", "http://[::1]:11434"),
        ("http://box:80/", "http://box:80"),
    ],
)
def test_addresses_may_be_short(written: str, meant: str) -> None:
    assert complete(written, default_port=11434) == meant


def test_secrets_are_not_shown() -> None:
    assert "sk-very-secret" not in repr(ModelSettings(openai_api_key="sk-very-secret"))


async def test_a_model_is_made_ready_before_it_is_asked(hub: ModelHub, stub_model: StubModel) -> None:
    handle = await hub.warm_up("openai:stub-small")
    assert stub_model.requests == []
    assert (await hub.answer(handle, instructions="", prompt="Ready?")).text == "You said: Ready?"
