"""The exceptions whose message is written for the person using the product."""


class CharLSTMError(Exception):
    """Something the user can mend: the message says what came, what was expected, what to do."""


class UnreadTextError(CharLSTMError):
    """A text that cannot be learned from as it was read, but might be with another setting.

    Attributes:
        remedy: that setting, an attribute of `ReadingOptions`.
    """

    remedy = ""


class UnknownEncodingError(UnreadTextError):
    """The bytes are no text in any encoding that was tried."""

    remedy = "encoding"


class OnlyMarkupError(UnreadTextError):
    """Without its markup, the text has no words or too few."""

    remedy = "keeps_markup"
