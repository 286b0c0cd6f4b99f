"""Journeys at work: versions start and end, people enter, are moved on in sets, and get their messages by the one gate."""
