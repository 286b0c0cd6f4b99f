"""What a run says, for people and for programs: JSON, Markdown, one static HTML page, JUnit XML."""
