"""The one error the core raises on bad input."""


class SpatiaError(ValueError):
    """Refused input: the message says what came, what was expected and what to change."""

    # Hosts show an error's full name before its sentence, and a module's path says nothing to whoever reads it.
    __module__ = "builtins"
