"""The part of the LangGraph server's interface that its clients use: the SDK and Agent Inbox see threads, never approvals."""
