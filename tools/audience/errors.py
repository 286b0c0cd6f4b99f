"""What can be wrong with an audience, named by cause."""

from __future__ import annotations

from policies.errors import InvalidInputError


class AudienceError(InvalidInputError):
    """An audience, filter or segment cannot be used as it is written."""

    code = "audience_invalid"


class FilterSyntaxError(AudienceError):
    """The text is not a filter: the message says where reading stopped and what was expected."""

    code = "filter_syntax"


class UnknownFieldError(AudienceError):
    """The filter names a field that these customers do not have."""

    code = "filter_unknown_field"


class FilterTypeError(AudienceError):
    """A field is compared with an operator or a value of another kind."""

    code = "filter_type"


class UnknownValueError(AudienceError):
    """A category is compared with a value that no customer has."""

    code = "filter_unknown_value"


class SegmentsOverlapError(AudienceError):
    """Segments must share no one and leave out no one."""

    code = "segments_overlap"


class FunnelError(AudienceError):
    """The counts of a funnel do not describe the same people."""

    code = "funnel_invalid"
