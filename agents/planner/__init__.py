"""The planner: reads a marketer's words into the brief record and asks for what is missing."""
