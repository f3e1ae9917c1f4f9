"""The one error the core raises on bad input."""


class SpatiaError(ValueError):
    """Refused input: the message says what came, what was expected and what to change."""
