"""How a run of an agent fails: one family, leaves named by cause; none of them is ever turned into an answer.

AgentError
  AnswerInvalidError       the answer broke its schema more often than repairs are allowed
    AnswerMissingError     the model stopped without giving an answer
      ModelDeclinedError   the model, or a filter before it, will not answer this
  AgentLimitError          too many steps, tool calls or tokens, or too much money
  ToolRefusedError         the embedded rules need a tool that refuses
  AgentTimeoutError        the run as a whole took too long
  ModelUnavailableError    the model server is not reachable, busy or broken
    ModelTimeoutError      one call of the model took too long
  ModelRefusedError        the server refused the request: key, model name, request
  ModelReplyError          the server answered something that is not a chat completion
    ReplyTooLongError      the answer is longer than is read of one
  CassetteError            a recording cannot be read or has no answer to what is asked
  AgentSetupError          a mistake of the developer: tools, schemas, playbooks, prompts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from policies.errors import CountersignError

if TYPE_CHECKING:
    from agents.agent_run import FailedAttempt


class AgentError(CountersignError):
    """An agent gave no answer.

    `agent` names it and `trace` holds the messages up to the failure, which took `input_tokens`, `output_tokens` and
    `duration_s`; `failed` are all the models of a chain that were tried, this one last. The message never quotes a prompt or a model: a graph keeps the text of an error in its checkpoints,
    where neither belongs.
    """

    code = "agent_error"

    def __init__(self, message: str, *, value: object = None, code: str | None = None) -> None:
        super().__init__(message, value=value, code=code)
        self.agent: str | None = None
        self.trace: tuple[dict[str, JsonValue], ...] = ()
        self.input_tokens = self.output_tokens = 0
        self.duration_s = 0.0
        self.failed: tuple[FailedAttempt, ...] = ()


class AnswerInvalidError(AgentError):
    """The model kept giving answers that do not fit the schema."""

    code = "answer_invalid"


class AnswerMissingError(AnswerInvalidError):
    """The model stopped without giving an answer."""

    code = "answer_missing"


class ModelDeclinedError(AnswerMissingError):
    """The model said that it will not answer; asking again would bring the same."""

    code = "model_declined"


class AgentLimitError(AgentError):
    """The agent used up its steps, tool calls, tokens or money."""

    code = "agent_limit"


class ToolRefusedError(AgentError):
    """A tool refused what the embedded rules cannot go on without; asking again would change nothing."""

    code = "tool_refused"


class AgentTimeoutError(AgentError):
    """The run took longer than its limit."""

    code = "agent_timeout"


class ModelUnavailableError(AgentError):
    """The model server cannot be reached, is busy or is broken; `retry_after_s` is how long it asks to be left alone."""

    code = "model_unavailable"
    retry_after_s: float = 0.0


class ModelTimeoutError(ModelUnavailableError):
    """One call of the model took longer than its limit."""

    code = "model_timeout"


class ModelRefusedError(AgentError):
    """The model server refuses the request as it stands."""

    code = "model_refused"


class ModelReplyError(AgentError):
    """The model server's reply is not a chat completion."""

    code = "model_reply"


class ReplyTooLongError(ModelReplyError):
    """The model server sends more than is read of one answer."""

    code = "reply_too_long"


class CassetteError(AgentError):
    """The recording that answers come from cannot give one."""

    code = "cassette"


class AgentSetupError(AgentError):
    """An agent is put together wrongly; nothing a person typed can cause it."""

    code = "agent_setup"
