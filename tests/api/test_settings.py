"""What the environment may say."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from api.settings import SettingsError, read_settings


def test_the_environment_chooses_home_key_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOME": "/srv/shop",
        "KEY": "cs_abc",
        "MODEL": "openai:some-model, offline",
        "MODEL_COPYWRITER": "offline",
        "MODEL_API_KEYS": '{"http://other:1/v1": "hush-hush-too"}',
        "PRICES": '{"some-model": {"input": "0.15", "output": 0.6}}',
        "LIMITS_MAX_COST": "2.5",
        "MODEL_BASE_URL": "http://127.0.0.1:9/v1",
        "MODEL_API_KEY": "hush-hush",
        "MODEL_MAX_RETRIES": "0",
        "SOMETHING_ELSE": "1",
    }.items():
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    settings = read_settings()
    assert settings.home == Path("/srv/shop")
    assert settings.key is not None and settings.key.get_secret_value() == "cs_abc"
    model = settings.model
    assert [each.model_id for each in model.use] == ["openai-compatible/some-model", "embedded-rules/1"]
    assert [each.offline for each in model.chain_of("copywriter")] == [True]
    assert model.chain_of("planner") == model.use
    assert (model.base_url, model.max_retries) == ("http://127.0.0.1:9/v1", 0)
    assert (settings.prices["some-model"].output, settings.limits.max_cost) == (
        Decimal("0.6"),
        Decimal("2.5"),
    )
    assert "hush" not in repr(settings) and "cs_abc" not in repr(settings)


def test_without_an_environment_the_model_is_offline() -> None:
    settings = read_settings()
    assert ([each.offline for each in settings.model.use], settings.key) == ([True], None)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("MODEL", "clever", "model.use"),
        ("MODEL", "openai", "'openai' is no model"),
        ("MODEL", '{"use": "offline"}', "model.use"),
        ("MODEL_KIND", "openai", "model.kind"),
        ("MODEL_PLANNER", "openai:", "model.planner"),
        ("MODEL_API_KEYS", "not json", "COUNTERSIGN_MODEL"),
        ("PRICES", "cheap", "COUNTERSIGN_PRICES"),
        ("PRICES", '{"m": {"input": -1, "output": 1}}', "prices.m.input"),
        ("LIMITS_MAX_STEPS", "0", "limits.max_steps"),
        ("MODEL_TIMEOUT_S", "soon", "timeout"),
    ],
)
def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str) -> None:
    monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    monkeypatch.setenv("COUNTERSIGN_KEY", "cs_secret")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert named in caught.value.message
    assert "cs_secret" not in caught.value.message


def test_a_limit_of_money_wants_prices_to_judge_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_MODEL", "openai:m@http://127.0.0.1:9/v1")
    monkeypatch.setenv("COUNTERSIGN_LIMITS_MAX_COST", "1")
    with pytest.raises(SettingsError, match="'m' has no price"):
        read_settings()
