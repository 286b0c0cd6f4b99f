"""What the environment may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import SettingsError, read_settings


def test_the_environment_chooses_home_key_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOME": "/srv/shop",
        "KEY": "cs_abc",
        "MODEL_KIND": "openai",
        "MODEL_NAME": "some-model",
        "MODEL_BASE_URL": "http://127.0.0.1:9/v1",
        "MODEL_API_KEY": "secret",
        "MODEL_MAX_RETRIES": "0",
        "SOMETHING_ELSE": "1",
    }.items():
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    settings = read_settings()
    assert settings.home == Path("/srv/shop")
    assert settings.key is not None and settings.key.get_secret_value() == "cs_abc"
    model = settings.model
    assert (model.kind, model.name, model.base_url, model.max_retries) == (
        "openai",
        "some-model",
        "http://127.0.0.1:9/v1",
        0,
    )
    assert "secret" not in repr(settings) and "cs_abc" not in repr(settings)


def test_without_an_environment_the_model_is_offline() -> None:
    settings = read_settings()
    assert (settings.model.kind, settings.key) == ("offline", None)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("MODEL_KIND", "clever", "model.kind"),
        ("MODEL_KIND", "openai", "name"),
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
