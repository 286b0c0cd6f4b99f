"""The MCP server: a model may read everything and draft campaigns; nothing that it can call resolves or launches."""
