"""A shop that writes e-mails to its customers."""

from __future__ import annotations

from store.files import write_private
from store.home import Home, open_home


def by_mail(home: Home) -> Home:
    """The home as one that sends e-mail."""
    settings = home.settings.model_copy(update={"kind": "standard", "allowed_channels": ("email",)})
    write_private(home.settings_file, settings.model_dump_json().encode())
    return open_home(home.path)
