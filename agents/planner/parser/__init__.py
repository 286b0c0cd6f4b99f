"""The offline reader of briefs: tokens, meanings, quantities and a grammar per slot; no model, no network, no clock.

A text becomes items (tokens.py, tagging.py, quantities.py, lengths.py, calendar_words.py): stretches of text that carry meanings, and values
where they are quantities. Slots are patterns of meanings (grammar.py), the same for every language; the words of a language
are a data file in lexicon/.
"""

from agents.planner.parser.extract import Extract, read
from agents.planner.parser.language import detect as language_of
from agents.planner.parser.normalise import merge_answer
from agents.planner.parser.questions import ask, blocking_questions, channel_name
from agents.planner.parser.reader import read_brief

__all__ = [
    "Extract",
    "ask",
    "blocking_questions",
    "channel_name",
    "language_of",
    "merge_answer",
    "read",
    "read_brief",
]
