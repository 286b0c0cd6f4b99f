"""What delivery refuses or cannot do, by cause."""

from __future__ import annotations

from policies.errors import ConflictError, CountersignError


class DeliveryError(CountersignError):
    """Root of what goes wrong between an approval and its outcomes."""

    code = "delivery"


class LaunchRefusedError(DeliveryError, ConflictError):
    """Something that must hold before a launch does not."""

    code = "launch_refused"


class ChoiceFileError(DeliveryError):
    """The choices of a batch are missing or are not the ones that were written."""

    code = "choice_file"


class ChannelMissingError(DeliveryError, ConflictError):
    """No provider is configured for the channel that the proposal names."""

    code = "channel_missing"


class ChannelError(DeliveryError):
    """A provider did not answer, so what became of the messages is not known."""

    code = "channel_unknown"


class ReconciliationError(DeliveryError):
    """The people of a launch do not add up to its audience."""

    code = "reconciliation"
