"""Documents that people bring, made small: e-books, word processors' files, PDF and archives."""

import io
import zipfile

LINE = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich & weiter.\n"

BODY = LINE * 60

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"

ODT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"


def archive(files: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return made.getvalue()


def escaped(line: str) -> str:
    return line.strip().replace("&", "&amp;")


def docx(body: str = BODY) -> bytes:
    paragraphs = "".join(
        f"<w:p><w:r><w:t>{escaped(line)[:9]}</w:t></w:r><w:del><w:r><w:delText>x</w:delText></w:r>"
        f'</w:del><w:r><w:t xml:space="preserve">{escaped(line)[9:]}</w:t></w:r></w:p>'
        for line in body.splitlines()
    )
    document = f'<w:document xmlns:w="{WORD}"><w:body>{paragraphs}</w:body></w:document>'
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": document})


def odt(body: str = BODY) -> bytes:
    paragraphs = "".join(
        f"<t:p>{escaped(line)[:5]}<t:s/><t:span>{escaped(line)[6:]}</t:span></t:p>"
        for line in body.splitlines()
    )
    content = (
        f'<o:document-content xmlns:o="{OFFICE}" xmlns:t="{ODT}"><o:body><o:text>'
        f"<t:tracked-changes><t:p>gone</t:p></t:tracked-changes>{paragraphs}"
        "</o:text></o:body></o:document-content>"
    )
    return archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def epub(body: str = BODY, **more: str) -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="two" href="text/chapter%202.xhtml"/><item id="one" href="text/one.xhtml"/>'
        '<item id="cover" href="cover.xhtml"/></manifest><spine>'
        '<itemref idref="cover" linear="no"/><itemref idref="one"/><itemref idref="two"/>'
        "</spine></package>"
    )
    half = len(body) // 2
    half = body.index("\n", half) + 1
    page = (
        '<?xml version="1.0"?><html><head><title>No title</title><style>p {{}}</style></head>'
        "<body>{}</body></html>"
    )

    def marked(lines: str) -> str:
        return page.format("".join(f"<div>{escaped(line)}</div>" for line in lines.splitlines()))

    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/book.opf": package,
            "OEBPS/cover.xhtml": page.format("<p>A cover</p>"),
            "OEBPS/text/one.xhtml": marked(body[:half]),
            "OEBPS/text/chapter 2.xhtml": marked(body[half:]),
            **more,
        }
    )


def pdf(
    line: str = "The quick brown fox jumps over it", times: int = 70, letters: str = ""
) -> bytes:
    """A PDF of one page.

    Args:
        letters: what its font says that letters are, as `<41> <D83D>`.
    """
    shown = " ".join(f"1 0 0 1 20 {800 - 11 * i} Tm ({line} {i}) Tj" for i in range(times))
    stream = f"BT /F1 9 Tf {shown} ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 820]/Contents 4 0 R/Resources<</Font<</F1 5 0 "
        b"R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica%s>>"
        % (b"/ToUnicode 6 0 R" if letters else b""),
    ]
    if letters:
        names = (
            f"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar {letters} endbfchar"
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(names), names.encode()))
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + end
