"""Words of .docx and .odt files: what is shown, in the order in which one reads it."""

from charlstm.text.corpus import read_text
from tests.document_files import ODT, OFFICE, WORD, archive


def test_boxes_of_a_word_document_follow_their_paragraph_and_ruby_is_left_out():
    box = "<w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent>"
    ruby = (
        "<w:ruby><w:rt><w:r><w:t>kan</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢</w:t></w:r>"
        "</w:rubyBase></w:ruby>"
    )
    words = f"<w:p><w:r><w:t>a wo</w:t>{box}<w:t>rd</w:t>{ruby}</w:r></w:p>" * 200
    document = f'<w:document xmlns:w="{WORD}"><w:body>{words}</w:body></w:document>'
    corpus = read_text(archive({"word/document.xml": document}), "a.docx")
    assert corpus.text == "a word漢\nin a box\n" * 200


def test_hidden_words_of_a_word_document_are_left_out():
    hidden = "".join(
        f"<w:r><w:rPr><w:vanish{value}/></w:rPr><w:t>{word}</w:t></w:r>"
        for value, word in (("", "hidden"), (' w:val="0"', " shown"), (' w:val="true"', "hidden"))
    )
    words = f"<w:p><w:r><w:t>words</w:t></w:r>{hidden}</w:p>" * 200
    document = f'<w:document xmlns:w="{WORD}"><w:body>{words}</w:body></w:document>'
    corpus = read_text(archive({"word/document.xml": document}), "a.docx")
    assert corpus.text == "words shown\n" * 200


def test_an_open_document_may_be_one_file_of_xml():
    words = "<t:p>as <t:s/> they <t:span>stand</t:span></t:p>" * 150
    flat = (
        f'<?xml version="1.0"?>\n<office:document xmlns:office="{OFFICE}" xmlns:t="{ODT}">'
        "<office:meta><t:generator>A program</t:generator></office:meta>"
        "<office:master-styles><t:master-page><t:header><t:p>page 1</t:p></t:header>"
        "</t:master-page></office:master-styles>"
        f"<office:body><office:text>{words}</office:text></office:body></office:document>"
    )
    corpus = read_text(flat.encode(), "a.fodt")
    assert corpus.text == "as   they stand\n" * 150
    assert "an OpenDocument text" in corpus.notices[0]


def test_tab_stops_of_a_word_document_are_no_tabs():
    stops = '<w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr>'
    words = f"<w:p>{stops}<w:r><w:t>{'words ' * 9}</w:t><w:tab/><w:t>x</w:t></w:r></w:p>" * 60
    document = f'<w:document xmlns:w="{WORD}"><w:body>{words}</w:body></w:document>'
    corpus = read_text(archive({"word/document.xml": document}), "a.docx")
    assert corpus.text == f"{'words ' * 9}\tx\n" * 60


def test_notes_of_an_open_document_follow_their_paragraph():
    note = (
        "<t:note><t:note-citation>1</t:note-citation><t:note-body><t:p>a note</t:p></t:note-body>"
    )
    words = (
        "<t:p>a wo<t:bookmark/>rd<t:note/> and <t:ruby><t:ruby-base>base</t:ruby-base>"
        "<t:ruby-text>aid</t:ruby-text></t:ruby>, see <t:reference-ref>page 3</t:reference-ref>."
        "</t:p>"
    ).replace("<t:note/>", f"{note}</t:note>")
    content = (
        f'<o:document-content xmlns:o="{OFFICE}" xmlns:t="{ODT}"><o:body><o:text>{words * 60}'
        "</o:text></o:body></o:document-content>"
    )
    files = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}
    assert read_text(archive(files), "a.odt").text == (
        "a word and base, see page 3.\na note\n" * 60
    )
