"""HarnessStops: where a row ends the harness's whole evaluation."""


class HarnessStops(Exception):
    """The harness raises at this row and gives no figure at all; the message says at what. Here it ends one row."""
