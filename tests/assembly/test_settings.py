"""Settings come from the environment and `.env`, and a wrong one says in one line what is wrong with it."""

from pathlib import Path

import pytest

from folkmoot.assembly.models import model_hub
from folkmoot.assembly.settings import Settings, WrongSettingError, load_settings
from folkmoot.kernel import SystemClock


def test_everything_has_a_default() -> None:
    settings = load_settings({}, env_file=None)
    assert (settings.api_host, settings.api_port, settings.auth, settings.model) == ("127.0.0.1", 8000, "on", "auto")


@pytest.mark.parametrize("name", ["API_PORT", "FOLKMOOT_API_PORT"])
def test_each_name_is_accepted_with_and_without_the_prefix(name: str) -> None:
    assert load_settings({name: "9100"}, env_file=None).api_port == 9100


def test_the_prefixed_name_wins() -> None:
    environ = {"API_PORT": "9100", "FOLKMOOT_API_PORT": "9200"}
    assert load_settings(environ, env_file=None).api_port == 9200


def test_the_environment_goes_before_the_env_file_and_options_before_both(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("API_PORT=9300\nLOG_LEVEL=debug\n")
    assert load_settings({}, env_file=env_file).api_port == 9300
    assert load_settings({}, env_file=env_file).log_level == "DEBUG"
    assert load_settings({"API_PORT": "9400"}, env_file=env_file).api_port == 9400
    assert load_settings({"API_PORT": "9400"}, env_file=env_file, api_port=9500).api_port == 9500


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("sixteen-characters-or-more\n")
    settings = load_settings({"ADMIN_TOKEN_FILE": str(secret)}, env_file=None)
    assert settings.admin_token is not None
    assert settings.admin_token.get_secret_value() == "sixteen-characters-or-more"


def test_a_secret_is_not_shown() -> None:
    settings = load_settings({"ADMIN_TOKEN": "sixteen-characters-or-more"}, env_file=None)
    assert "sixteen" not in repr(settings)


def test_encryption_keys_are_read_as_a_ring_and_each_secret_is_kept_out_of_logs(tmp_path: Path) -> None:
    old, new = "o" * 32, "n" * 32
    file = tmp_path / "keys"
    file.write_text(f"2026-02={new},\n2026-01={old}\n")
    settings = load_settings({"ENCRYPTION_KEY_FILE": str(file)}, env_file=None)
    assert list(settings.keyring.keys) == ["2026-02", "2026-01"]
    assert {old, new} <= set(settings.secrets)
    assert load_settings({}, env_file=None).keyring.sealing is None


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"API_PORT": "eighty"}, ["API_PORT", "eighty", "API_PORT=8000"]),
        ({"API_PORT": "70000"}, ["API_PORT", "70000", "65535"]),
        ({"FOLKMOOT_LOG_LEVEL": "loud"}, ["FOLKMOOT_LOG_LEVEL", "LOUD", "INFO"]),
        ({"AUTH": "maybe"}, ["AUTH", "maybe", "AUTH=on"]),
        ({"AUTH": "off", "API_HOST": "0.0.0.0"}, ["AUTH", "loopback", "0.0.0.0"]),
        ({"ADMIN_TOKEN": "short"}, ["ADMIN_TOKEN", "16 characters"]),
        ({"ENCRYPTION_KEY": "short"}, ["ENCRYPTION_KEY", "5 characters", "32"]),
        ({"ENCRYPTION_STRICT": "true"}, ["ENCRYPTION_STRICT", "ENCRYPTION_KEY"]),
        ({"CORS_ORIGINS": "team.example"}, ["CORS_ORIGINS", "team.example", "https://"]),
        ({"OPENAI_BASE_URL": "team.example/v1"}, ["OPENAI_BASE_URL", "team.example/v1", "http://"]),
        ({"TLS_CERT": "/nowhere/cert.pem"}, ["TLS_KEY", "both"]),
        ({"WORKPLACE_FILE": "/nowhere/workplace.yaml"}, ["WORKPLACE_FILE", "/nowhere/workplace.yaml"]),
        ({"OPENAI_API_KEY_FILE": "/nowhere/key"}, ["OPENAI_API_KEY_FILE", "/nowhere/key"]),
        ({"HEARTBEAT_INTERVAL": "0"}, ["HEARTBEAT_INTERVAL", "greater than 0", "HEARTBEAT_INTERVAL=15"]),
    ],
)
def test_a_wrong_value_is_one_line_with_variable_fault_and_example(environ: dict[str, str], words: list[str]) -> None:
    with pytest.raises(WrongSettingError) as caught:
        load_settings(environ, env_file=None)
    assert "\n" not in caught.value.message
    for word in words:
        assert word in caught.value.message


def test_a_model_that_can_never_be_is_a_wrong_setting() -> None:
    with pytest.raises(WrongSettingError, match=r"MODEL is wrong: .*'foo:bar'.*; for example MODEL=auto"):
        model_hub(load_settings({"MODEL": "foo:bar"}, env_file=None), SystemClock())


def test_a_wrong_secret_is_not_repeated_in_the_error() -> None:
    with pytest.raises(WrongSettingError) as caught:
        load_settings({"ADMIN_TOKEN": "hunter2"}, env_file=None)
    assert "hunter2" not in caught.value.message


def test_every_setting_is_described_with_an_example() -> None:
    for name, info in Settings.model_fields.items():
        assert info.description, name
        assert info.examples, name


def test_messages_in_memory_are_for_one_process() -> None:
    assert load_settings({"MESSAGES": "Memory"}, env_file=None).messages == "memory"
    with pytest.raises(WrongSettingError, match="REDIS_URL") as caught:
        load_settings({"MESSAGES": "memory", "REDIS_URL": "redis://localhost"}, env_file=None)
    assert caught.value.fields["variable"] == "MESSAGES"


def test_local_agents_are_all_none_or_the_named() -> None:
    redis = {"REDIS_URL": "redis://localhost"}
    assert load_settings({}, env_file=None).hosts("jonas")
    assert not load_settings({**redis, "LOCAL_AGENTS": "Off"}, env_file=None).hosts("jonas")
    some = load_settings({**redis, "LOCAL_AGENTS": "jonas, lin"}, env_file=None)
    assert [some.hosts(one) for one in ("jonas", "lin", "mira")] == [True, True, False]
    with pytest.raises(WrongSettingError, match="for example REDIS_URL"):
        load_settings({"LOCAL_AGENTS": "off"}, env_file=None)
    with pytest.raises(WrongSettingError, match="names nobody"):
        load_settings({**redis, "LOCAL_AGENTS": " , "}, env_file=None)


def test_the_models_settings_reach_the_models() -> None:
    from folkmoot.models import ModelSettings

    found = load_settings(
        {
            "MODEL": "openai:a, offline",
            "ANTHROPIC_API_KEY": "sk-ant",
            "TEXT_ONLY_MODELS": "openai:a, ollama:b",
            "MODEL_REQUESTS_PER_MINUTE": "500, ollama=30",
            "MODEL_REQUESTS_AT_ONCE": "ollama=2",
            "MODEL_TIMEOUT": "7",
        },
        env_file=None,
    ).model_settings
    assert isinstance(found, ModelSettings)
    assert found.anthropic_api_key == "sk-ant"
    assert found.text_only == {"openai:a", "ollama:b"}
    assert found.per_minute == {"*": 500, "ollama": 30}
    assert found.at_once == {"ollama": 2}
    assert found.timeout.total_seconds() == 7


@pytest.mark.parametrize("written", ["many", "openai=0", "opnai=5", "openai=", "-3"])
def test_a_wrong_limit_of_a_provider_is_named(written: str) -> None:
    with pytest.raises(WrongSettingError, match="MODEL_REQUESTS_PER_MINUTE"):
        load_settings({"MODEL_REQUESTS_PER_MINUTE": written}, env_file=None)
