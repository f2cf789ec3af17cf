"""The exceptions whose message is written for the person using the product."""


class CharLSTMError(Exception):
    """Something the user can mend: the message says what came, what was expected, what to do."""


class UnreadTextError(CharLSTMError):
    """A text that nothing can be learned from as it was read, but perhaps if it is read otherwise.

    Attributes:
        remedy: the attribute of `ReadingOptions` by which it is.
    """

    remedy = ""


class UnknownEncodingError(UnreadTextError):
    """What is no text in any encoding that was tried, unless somebody knows another one."""

    remedy = "encoding"


class OnlyMarkupError(UnreadTextError):
    """What has no words, or too few, without its markup."""

    remedy = "keeps_markup"
