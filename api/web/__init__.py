"""The web page: the same functions as the API, shown as pages to people who signed in with their key."""
