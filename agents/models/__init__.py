"""Model providers behind one interface: the embedded rules, and any OpenAI-compatible server."""
