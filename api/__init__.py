"""The entrances: HTTP, command line and the pages; `wiring.py` is the only composition root."""
