"""Saved mails, mailboxes and pages saved with their pictures: their words alone are read."""

import io
import zipfile
from email.message import EmailMessage

import pytest

from charlstm.errors import CharLSTMError
from charlstm.text.corpus import ReadingOptions, paste, read_file, read_text
from charlstm.text.mail import is_mail

LINE = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\n"
BODY = LINE * 40
PICTURE = bytes(range(256)) * 40


def mail(body: str = BODY, **options: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message["To"] = "bo@example.org"
    message["Subject"] = "Grüße"
    message["Message-ID"] = "<1@example.org>"
    message.set_content(body, **options)
    return message


def mailbox(*messages: EmailMessage) -> bytes:
    return b"".join(
        b"From ann@example.org Thu Nov 26 17:08:20 2026\n" + message.as_bytes() + b"\n"
        for message in messages
    )


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "koi8-r"])
@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "8bit"])
def test_a_mail_is_read_in_the_encoding_that_it_says(encoding, transfer):
    body = "Съешь ещё этих мягких булок.\n" * 90 if encoding == "koi8-r" else BODY
    message = mail(body, charset=encoding, cte=transfer)
    corpus = read_text(message.as_bytes(), "a.eml")
    assert corpus.text == body
    assert corpus.notices == ("Read as saved mails: 1 mail without headers and attachments.",)
    assert not corpus.is_guess


def test_attachments_are_left_out_and_words_preferred_to_their_page():
    message = mail()
    message.add_alternative(f"<p>{BODY}</p>", subtype="html")
    message.add_attachment(PICTURE, maintype="image", subtype="png", filename="a.png")
    assert read_text(message.as_bytes(), "a.eml").text == BODY


def test_a_mail_that_is_only_a_page_is_read_without_tags():
    message = mail(
        f"<html><body>{'<p>One &amp; all of us</p>' * 200}</body></html>", subtype="html"
    )
    assert read_text(message.as_bytes(), "a.eml").text == "One & all of us\n\n" * 199 + (
        "One & all of us\n"
    )


def test_the_mails_of_a_mailbox_are_read_one_after_the_other(tmp_path):
    second = mail("From here on, it is\n>From me at 12:30, and more.\n" * 40)
    path = tmp_path / "a.mbox"
    path.write_bytes(mailbox(mail(), second, mail("the end\n")))
    corpus = read_file(path)
    words = second.get_content().replace(">From", "From")
    assert corpus.text == BODY + "\n" + words + "\nthe end\n"
    assert "3 mails without headers" in corpus.notices[0]


def test_a_damaged_mail_refuses_no_other():
    broken = mailbox(mail("x")).replace(b'charset="utf-8"', b'charset="no such one"')
    corpus = read_text(broken + mailbox(mail()), "a.mbox")
    assert corpus.text.endswith(BODY)


def test_a_page_saved_with_its_pictures_is_read_without_tags():
    page = EmailMessage()
    page["From"] = "<Saved by Blink>"
    page["Snapshot-Content-Location"] = "https://example.org/"
    page["MIME-Version"] = "1.0"
    page.set_content(f"<html><head><title>t</title></head><body>{'<p>One way</p>' * 300}", "html")
    page.make_related()
    page.add_related(PICTURE, "image", "png")
    corpus = read_text(page.as_bytes(), "a.mhtml")
    assert corpus.text == "One way\n\n" * 299 + "One way\n"
    assert corpus.notices[0] == (
        "Read as a web page saved with its pictures (MHTML): its words without tags and pictures."
    )


def test_lines_that_go_on_are_one():
    message = mail("a long \nline goes on\n-- \nAnn\n" * 80)
    message.set_param("format", "flowed")
    assert read_text(message.as_bytes(), "a.eml").text == "a long line goes on\n-- \nAnn\n" * 80


def test_an_old_encoding_that_is_not_said_may_be_chosen():
    head = b"From: a\nTo: b\nMIME-Version: 1.0\nContent-Type: text/plain\n\n"
    data = head + BODY.encode("cp1252")
    found = read_text(data, "a.eml")
    assert found.text == BODY and found.is_guess and found.encoding == "cp1252"
    chosen = read_text(data, "a.eml", options=ReadingOptions(encoding="cp1251"))
    assert chosen.text == BODY.encode("cp1252").decode("cp1251")


def test_the_source_of_a_mail_may_be_pasted():
    source = mail(cte="quoted-printable").as_bytes().decode()
    corpus = paste(source)
    assert corpus.text == BODY and corpus.notices[0].startswith("Read as saved mails: 1 mail")


def test_mails_in_an_archive_are_read():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.eml", mail().as_bytes())
    assert read_text(made.getvalue(), "a.zip").text == BODY


@pytest.mark.parametrize(
    "text",
    [
        "From: Ann\nTo: Bo\nDate: Monday\n\nGood morning.\n",
        "ROMEO:\nSpeak.\n\nJULIET:\nNo.\n",
        "From morning at 10:30 on it rained.\nReceived: nothing.\n",
    ],
)
def test_what_only_begins_like_a_mail_is_a_text(text):
    assert not is_mail(text.encode())
    assert read_text((text * 99).encode(), "a.txt").text == text * 99


def test_a_mail_without_words_is_refused_in_a_sentence():
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "a@b.org", "b@b.org", "<1@b.org>"
    message.set_content(PICTURE, "image", "png")
    with pytest.raises(CharLSTMError, match="a.eml has no text in it"):
        read_text(message.as_bytes(), "a.eml")


def parts(kind: str, *contents: tuple[str, str]) -> bytes:
    head = f"From: a\nTo: b\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=x\n\n"
    made = "".join(f"--x\nContent-Type: {one}\n\n{content}\n" for one, content in contents)
    return f"{head}{made}--x--\n".encode()


PLAIN = "A line that somebody wrote.\n" * 90
HTML = "<p>A line that somebody wrote.</p>" * 90
INNER = f"From: c\nTo: d\nContent-Type: text/plain\n\n{PLAIN}"


@pytest.mark.parametrize(
    ("kind", "contents", "words"),
    [
        ("mixed", [("text/html", HTML), ("text/plain", "The list")], ["A line", "The list"]),
        ("alternative", [("text/plain", " "), ("text/html", HTML)], ["A line"]),
        ("alternative", [("text/plain", "No HTML here."), ("text/html", HTML)], ["A line"]),
        ("mixed", [("text/plain", PLAIN), ("text/plain", "second")], ["A line", "second"]),
        ("mixed", [("text/plain", "see below"), ("message/rfc822", INNER)], ["see", "A line"]),
        ("digest", [("message/rfc822", INNER)], ["A line"]),
    ],
)
def test_all_parts_that_are_shown_are_read(kind, contents, words):
    text = read_text(parts(kind, *contents), "a.eml").text
    assert [word for word in words if word in text] == words
    assert "No HTML" not in text and "<p>" not in text and "From: c" not in text


def test_the_last_mail_of_a_mailbox_makes_it_no_page():
    page = EmailMessage()
    page["From"], page["To"], page["Message-ID"] = "a@b.org", "c@d.org", "<1@b.org>"
    page.set_content(HTML, "html")
    page.make_related()
    page.add_related(PICTURE, "image", "png")
    assert "2 mails without headers" in read_text(mailbox(mail(), page), "a.mbox").notices[0]
    assert "1 mail without headers" in read_text(page.as_bytes(), "a.eml").notices[0]


def test_a_mail_of_apple_mail_has_its_length_before_it_and_something_for_the_program_after_it():
    one = mail().as_bytes()
    for number in (b"%d\n", b"%d      \n"):
        data = number % len(one) + one + b'<?xml version="1.0"?><plist><dict/></plist>\n'
        corpus = read_text(data, "1.emlx")
        assert corpus.text == BODY
        assert "1 mail without headers" in corpus.notices[0]


def test_mailboxes_of_very_many_mails_are_read():
    one = mail("Hello there, see you soon.\n").as_bytes()
    box = b"From a@b.org Thu Nov 26 17:08:20 2026\n" + one + b"\n"
    assert read_text(box * 3_000, "a.mbox").text.count("Hello there") == 3_000
