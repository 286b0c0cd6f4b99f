"""The words of each language as data files: one file a language, read on first use."""
