"""The one exception whose message is written for the person using the product."""


class CharLSTMError(Exception):
    """Something the user can mend: the message says what came, what was expected, what to do."""
