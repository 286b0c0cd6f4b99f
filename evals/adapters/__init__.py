"""The files of evals that name another framework."""
