"""The offline reader of briefs: tokens, spans and a grammar per slot; no model, no network, no clock."""

from agents.planner.parser.extract import Extract, read
from agents.planner.parser.normalise import merge_answer
from agents.planner.parser.questions import blocking_questions
from agents.planner.parser.reader import read_brief

__all__ = ["Extract", "blocking_questions", "merge_answer", "read", "read_brief"]
