"""Settings, schemas and tools that are refused, each with the value that broke the rule."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from agents.agent_tool import AgentTool
from agents.errors import AgentSetupError
from agents.models.interface import ModelProvider, ModelSettings, model_id
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


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "openai"}, "needs its name"),
        ({"kind": "openai", "name": "m", "base_url": "localhost:11434"}, "localhost:11434"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"kind": "guess"}, "kind"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_settings_name_the_value(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ModelSettings.model_validate(given)


def test_key_is_not_shown() -> None:
    settings = ModelSettings.model_validate({"kind": "openai", "name": "m", "api_key": "sk-secret"})
    assert "sk-secret" not in repr(settings) + settings.model_dump_json()


def test_offline_settings_reach_no_server() -> None:
    with pytest.raises(AgentSetupError, match="offline"):
        openai_model(ModelSettings())


def test_default_model_says_what_it_is() -> None:
    provider = ModelProvider(ModelSettings())
    assert provider.model_id == "embedded-rules/1" == model_id(ModelSettings())
    assert provider.build_model(counting_playbook, CountTask(months=1))._llm_type == "embedded-rules"
    assert model_id(ModelSettings(kind="openai", name="some-model")) == "openai-compatible/some-model"
