"""The copywriter: one message an arm. It never sees the budget, the audience's size or an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agents.agent_run import Check, ToolCallRecord
from agents.agent_tool import AgentTool, AnyAgentTool
from agents.checks import require_returned
from agents.copywriter.guidance import BrandGuidance
from agents.errors import AnswerInvalidError
from agents.models.offline import CallTool, Finish, PlaybookStep, ToolOutcome
from agents.prose import Prose
from policies.figures import unsourced_numbers
from tools.content.creative import UNSUBSCRIBE, Creative, check
from tools.result import Result


class ArmToWrite(BaseModel):
    """What one message is about."""

    model_config = ConfigDict(frozen=True)

    arm_id: str
    channel: str
    product_id: str | None
    product_name: str
    product_description: str


class CopyTask(BaseModel):
    """What the copywriter is given; guidance came out of the brand documents through a closed schema."""

    model_config = ConfigDict(frozen=True)

    objective: str
    brand: str
    link_base: str
    guidance: BrandGuidance
    signature: str = ""
    arms: tuple[ArmToWrite, ...]


def _no_numbers(text: str) -> str:
    loose = unsourced_numbers(text, {})
    if loose:
        raise ValueError(f"a message may hold no number and no number word; found {loose[0]!r}")
    return text


Words = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_no_numbers)]


class Message(BaseModel):
    """The words of one arm's message. Liquid such as {{ customer.first_name | default: "there" }} is allowed."""

    model_config = ConfigDict(frozen=True)

    arm_id: str
    subject: Words
    preheader: Words
    heading: Words
    body: Words
    call_to_action: Words


class MessagesToCheck(BaseModel):
    messages: list[Message]


class CopyCheck(Result):
    """What is wrong with the messages; empty when they may be used."""

    problems: tuple[str, ...]


class CopyAnswer(BaseModel):
    """One message for each arm asked for, and why they are written so."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[Message, ...]
    rationale: Prose


def creative_of(message: Message, task: CopyTask) -> Creative:
    """Return the creative: the writer's words with the link and the legal footer, which the writer cannot change."""
    arm = next(arm for arm in task.arms if arm.arm_id == message.arm_id)
    return Creative(
        arm_id=message.arm_id,
        channel=arm.channel,
        subject=message.subject,
        preheader=message.preheader,
        heading=message.heading,
        body=message.body,
        call_to_action=message.call_to_action,
        link=f"{task.link_base}/{arm.product_id or ''}",
        footer=f"You get this because you agreed to e-mail from {task.brand}. Unsubscribe: {UNSUBSCRIBE}",
    )


def problems_in(messages: Sequence[Message], task: CopyTask) -> list[str]:
    """Return what stops these messages: an arm without one or with two, or a message that does not render."""
    wanted = [arm.arm_id for arm in task.arms]
    written = [message.arm_id for message in messages]
    problems = [f"{arm} has no message" for arm in wanted if arm not in written]
    problems += [f"{arm} was not asked for" for arm in written if arm not in wanted]
    problems += [f"{arm} has more than a single message" for arm in set(written) if written.count(arm) > 1]
    for message in messages:
        if message.arm_id in wanted:
            problems += check(creative_of(message, task))
            if not message.body.rstrip().endswith(task.signature):
                problems.append(f"{message.arm_id} is not signed {task.signature!r} at its end")
    return problems


def check_copy(task: CopyTask) -> Check[CopyAnswer]:
    """Return what messages are held against: one an arm, each of them fit to be rendered."""

    def check_messages(answer: CopyAnswer, calls: tuple[ToolCallRecord, ...]) -> None:
        problems = problems_in(answer.messages, task)
        if problems:
            raise AnswerInvalidError(f"The messages cannot be used: {problems[0]}.", value=problems[0])
        require_returned(calls, answer.rationale)

    return check_messages


def copywriter_tools(task: CopyTask) -> list[AnyAgentTool]:
    """Return the copywriter's only tool: the check of its messages."""

    def check_messages(asked: MessagesToCheck) -> CopyCheck:
        return CopyCheck(problems=tuple(problems_in(asked.messages, task)))

    return [
        AgentTool(
            "check_messages",
            "Render the messages for awkward profiles and list what is wrong with them.",
            MessagesToCheck,
            check_messages,
        )
    ]


def copywriter_playbook(task: CopyTask, outcomes: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Write from a few plain patterns, have them checked, answer."""
    messages = [_write(arm, task) for arm in task.arms]
    if not any(isinstance(outcome.artifact, CopyCheck) for outcome in outcomes):
        return CallTool("check_messages", MessagesToCheck(messages=messages))
    tone = task.guidance.tone
    words = f"Each message speaks of its product only, in the {tone} tone that the brand documents ask for."
    return Finish(CopyAnswer(messages=tuple(messages), rationale=words))


_OPENINGS = {
    "winback": "We would be glad to see you again.",
    "product_launch": "Something new has arrived.",
    "seasonal_promotion": "The season has turned, and so have our shelves.",
}


def _write(arm: ArmToWrite, task: CopyTask) -> Message:
    named = task.guidance.address == "first_name"
    hello = 'Hello {{ customer.first_name | default: "there" }},' if named else "Hello,"
    if task.guidance.tone == "formal":
        hello = hello.replace("Hello", "Dear", 1) if named else "Dear customer,"
    opening = _OPENINGS.get(task.objective, "Here is something we think you may like.")
    product = arm.product_name
    again = task.objective == "winback"
    warm, bold = task.guidance.tone in ("warm", "playful"), task.guidance.tone == "bold"
    subject = f"{'Come back to' if again else 'Have a look at'} our {product.lower()}"
    return Message(
        arm_id=arm.arm_id,
        subject=f"{product}: {'back where you left it' if again else 'look no further'}" if bold else subject,
        preheader=f"{'Picked with care' if warm else 'Now in the shop'}: {product.lower()}",
        heading=f"{'Good to see you again' if again and warm else product}",
        body="\n\n".join(part for part in (hello, opening, arm.product_description, task.signature) if part),
        call_to_action=f"See {product.lower()}",
    )
