"""E-mail to customers: settings, the message as it stands on the wire, its links."""
