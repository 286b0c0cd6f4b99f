"""Where customers and mail systems come back to: leaving, preferences, clicks, reports. No page here needs a key."""
