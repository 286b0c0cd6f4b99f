"""Settings, schemas and tools that are refused, each with the value that broke the rule."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from agents.agent_tool import AgentTool
from agents.errors import AgentSetupError
from agents.models.choice import ModelChoice, model_choice
from agents.models.interface import ModelProvider, ModelSettings
from agents.models.openai_compatible import openai_model
from agents.models.schema import assert_model_safe_schema
from tests.agents.agent_example import Count, CountTask, counting_playbook


class Inner(BaseModel):
    code: Annotated[str, Field(pattern="^[A-Z]+$")]


class Nested(BaseModel):
    codes: list[Inner]


class Codes(BaseModel):
    codes: dict[Annotated[str, Field(pattern="^[A-Z]+$")], int]


class Innocent(BaseModel):
    """A field that is called pattern, and one whose default says so, hold no regular expression."""

    pattern: str = "pattern"
    kind: str = Field(default="x", examples=["pattern"])


class Reserved(BaseModel):
    config: str


@pytest.mark.parametrize(
    ("schema", "place"), [(Nested, "Nested.Inner.code.pattern"), (Codes, "Codes.codes.patternProperties")]
)
def test_schema_with_a_regular_expression_is_refused_by_place(schema: type[BaseModel], place: str) -> None:
    with pytest.raises(AgentSetupError) as caught:
        assert_model_safe_schema(schema)
    assert caught.value.value == place


def test_field_named_pattern_is_fine() -> None:
    assert_model_safe_schema(Innocent)


def test_tool_cannot_be_made_with_an_unsafe_schema() -> None:
    with pytest.raises(AgentSetupError, match="regular expression"):
        AgentTool("codes", "Codes.", Codes, lambda args: Count(people=0, months=0))


def test_tool_cannot_take_an_argument_that_langchain_keeps_for_itself() -> None:
    with pytest.raises(AgentSetupError, match="'config'"):
        AgentTool("reserved", "Reserved.", Reserved, lambda args: Count(people=0, months=0))


ADDRESS = {"base_url": "http://127.0.0.1:9/v1"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"use": "openai:"}, "needs the model's name"),
        ({"use": "openai"}, "'openai' is no model"),
        ({"use": "gpt-5"}, "'gpt-5' is no model"),
        ({"use": "anthropic:claude"}, "'anthropic:claude' is no model"),
        ({"use": ""}, "'' is no model"),
        ({"use": "openai:a,,offline"}, "'' is no model"),
        ({"use": "openai:two words"}, "has a blank"),
        ({"use": "openai:" + "x" * 201}, "200"),
        ({"use": ",".join(["offline"] * 6)}, "5"),
        ({"use": "openai:m@http://"}, "base_url must be"),
        ({"use": "openai:m@ftp://h/v1"}, "ftp://h/v1"),
        ({"use": "openai:m@http://[::1/v1"}, "no address"),
        ({"use": "openai:m@http://h:99999/v1"}, "no address"),
        ({"copywriter": "clever"}, "'clever' is no model"),
        ({"use": "openai:m", "base_url": "localhost:11434"}, "localhost:11434"),
        ({"use": "openai:m", "base_url": "ftp://h/v1"}, "ftp://h/v1"),
        ({"use": "openai:m"}, "COUNTERSIGN_MODEL_API_KEY"),
        ({"use": "offline", "copywriter": "openai:m"}, "COUNTERSIGN_MODEL_API_KEY"),
        (
            {"use": "openai:m", "base_url": "https://x.openai.azure.com/openai/v1"},
            "azure.com, which wants a key",
        ),
        ({"timeout_s": 0}, "timeout_s"),
        ({"answer_method": "telepathy"}, "answer_method"),
        ({"cassette_mode": "rewind"}, "cassette_mode"),
        ({"colour": "red"}, "colour"),
        ({"kind": "openai"}, "kind"),
    ],
)
def test_bad_settings_name_the_value(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSettings.model_validate(given)
    assert told in str(caught.value)


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="set the key as") as caught:
        model_choice("openai:m@http://ada:hunter2@h/v1")
    assert "hunter2" not in str(caught.value)


def test_key_is_not_shown() -> None:
    keys = {"api_key": "sk-secret", "api_keys": {"http://h/v1": "sk-other"}}
    settings = ModelSettings.model_validate({"use": "openai:m", **ADDRESS, **keys})
    assert "sk-" not in repr(settings) + settings.model_dump_json()


def test_a_key_goes_to_its_own_address_only() -> None:
    settings = ModelSettings.model_validate(
        {
            "use": "openai:a, openai:b@http://other:1/v1, openai:c@http://third:1/v1/",
            "api_key": "sk-default",
            "api_keys": {"http://third:1/v1/": "sk-third"},
            **ADDRESS,
        }
    )
    assert [settings.key_of(model) for model in settings.use] == ["sk-default", None, "sk-third"]


def test_azure_s_older_form_carries_its_version_and_its_header() -> None:
    address = "https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21"
    settings = ModelSettings.model_validate({"use": "openai:d", "base_url": address, "api_key": "k"})
    model = openai_model(settings, settings.use[0])
    assert model.openai_api_base == "https://x.openai.azure.com/openai/deployments/d"
    assert (model.default_query, model.default_headers) == ({"api-version": "2024-10-21"}, {"api-key": "k"})


def test_offline_settings_reach_no_server() -> None:
    with pytest.raises(AgentSetupError, match="offline"):
        openai_model(ModelSettings(), ModelChoice())


async def test_default_model_says_what_it_is() -> None:
    provider = ModelProvider(ModelSettings())
    (only,) = provider.candidates("planner", counting_playbook, CountTask(months=1))
    assert provider.model_id == "embedded-rules/1" == only.model_id
    assert (await only.build())._llm_type == "embedded-rules"
    assert model_choice("openai:some-model").model_id == "openai-compatible/some-model"
