"""The command line: a client of the HTTP application, in this process or in the one that serves the home."""
