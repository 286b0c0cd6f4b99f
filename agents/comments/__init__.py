"""What approvers wrote when they asked for changes: read without tools, and put to the author as questions."""
