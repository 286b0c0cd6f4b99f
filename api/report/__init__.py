"""The one-page report of a campaign: words first, then figures with their intervals, each with a table twin."""
