"""The models that suites run with: embedded rules, scripts, one that obeys injections, recordings, a server's."""
