"""Web pages, subtitles and tables: recognised, named, and read with or without their markup."""

import pytest

from charlstm.text.corpus import ReadingOptions, paste, read_text
from charlstm.text.markup import name_table, recognise
from charlstm.text.normalizing import normalize
from charlstm.text.subtitles import without_times

WORDS = "It was the best of times, it was the worst of times"
PAGE = (
    "<!DOCTYPE html>\n<html><head><title>T</title></head><body>\n"
    + f"<p>{WORDS}.</p>\n" * 50
    + "</body></html>\n"
)


def time(second: int, sign: str = ",") -> str:
    return f"00:{second // 60:02}:{second % 60:02}{sign}120"


def subtitles(sign: str = ",", head: str = "", words: str = WORDS) -> str:
    cues = (
        f"{i}\n{time(3 * i, sign)} --> {time(3 * i + 2, sign)}\n<i>{words}</i>\nand {i} more\n\n"
        for i in range(1, 40)
    )
    return head + "".join(cues)


def test_a_web_page_is_read_without_its_tags_unless_they_are_wanted():
    corpus = read_text(PAGE.encode(), "page.html")
    assert corpus.markup == "html"
    assert corpus.text.startswith(f"{WORDS}.\n\n{WORDS}.") and "<" not in corpus.text
    assert corpus.notices[0].startswith("Read as a web page (HTML): ")
    assert "characters of tags were left out." in corpus.notices[0]
    kept = read_text(PAGE.encode(), "page.html", options=ReadingOptions(keeps_markup=True))
    assert kept.text == PAGE and kept.markup == "html"
    assert kept.notices == ("It looks like a web page (HTML): its markup is learned with it.",)


@pytest.mark.parametrize(
    ("sign", "head"), [(",", ""), (".", "WEBVTT - a film\nKind: captions\n\nNOTE by me\n\n")]
)
def test_subtitles_are_read_without_their_times(sign, head):
    corpus = paste(subtitles(sign, head))
    assert corpus.markup == "subtitles"
    assert corpus.text.startswith(f"{WORDS}\nand 1 more\n{WORDS}\nand 2 more\n")
    assert corpus.text.count("\n") == 78
    assert "39 times and their numbers were left out" in corpus.notices[0]


@pytest.mark.parametrize(
    "text",
    [
        WORDS * 50,
        "if (a < b && c > d) { vector<int> x; }\n" * 50,
        "<3 you\n" * 400,
        "<ROMEO> hi\n<JULIET> hello\n" * 90,  # a chat
        "At 10:15 --> they left.\n" * 100,
        "import x\nexport const App = () => <div><p>Hi</p></div>;\n" * 50,  # code, not a page
    ],
)
def test_what_only_looks_like_markup_is_left_alone(text):
    assert recognise(text) == ""
    assert paste(text + "\n" + WORDS * 50).notices == ()


def test_a_fragment_of_a_page_and_a_russian_e_book_are_recognised():
    assert recognise(f"<p>{WORDS}</p>\n" * 9) == "html"
    assert recognise('<?xml version="1.0"?>\n<FictionBook><body><p>x</p></body>') == "html"


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("name,age,town\n" + "Ann,3,Ulm\n" * 40, "3 columns, parted by commas"),
        ("name;age\n" + "Ann;3\n" * 40, "2 columns, parted by semicolons"),
        ("Ann\t3\n" * 40, "2 columns, parted by tabs"),
        ("| Ann | 3 |\n" * 40, "2 columns, parted by bars"),
        ("Ann | 3\n" * 40, "2 columns, parted by bars"),
        ("| Ann || 3 || Ulm\n" * 40, "3 columns, parted by bars"),
        ("* [[Ann Lee|Ann]]\n" * 40, ""),
        ("1,„Hallo“\n2,(no)\n3,¿Qué tal?\n4,- a\n5,“b”\n" * 9, "2 columns, parted by commas"),
        ("id,words,n\n" + '1,"one\ntwo,three ""x""",4\n' * 40, "3 columns, parted by commas"),
        ("»Ja,« sagte er.\n" * 40, ""),
        ("“Yes,” he said.\n" * 40, ""),
        ('"Yes," he said.\n"No," she said.\n' * 40, ""),
        ("To be, or not to be,\n" * 40, ""),
        ("राम राम ||\n" * 40, ""),
        ("मंगल भवन अमंगल हारी | द्रवहु सुदसरथ अजिर बिहारी ||\n" * 40, ""),
        ("\tThe curfew tolls the knell\n" * 40, ""),
        ("a||b||\n" * 40, "2 columns, parted by bars"),
        ("one; two\n" * 40, ""),
        ("Ann,3\n" * 5, ""),
    ],
)
def test_a_table_is_named(text, called):
    assert called in name_table(text) if called else name_table(text) == ""


def test_lines_are_shuffled_where_this_is_wanted_the_same_way_each_time():
    lines = [f"word {i:04}" for i in range(500)]
    options = ReadingOptions(shuffles_lines=True)
    shuffled = paste("\n".join(lines), options=options)
    assert sorted(shuffled.text.split("\n")[:-1]) == lines != shuffled.text.split("\n")[:-1]
    assert shuffled == paste("\n".join(lines), options=options)
    assert shuffled.notices == ("The lines were put in random order.",)


FORMS = {
    "sbv": "".join(f"0:00:{i:02}.100,0:00:{i:02}.900\nline {i}\n\n" for i in range(40)),
    "pictures": "".join(f"{{{i * 25}}}{{{i * 25 + 20}}}line {i}\n" for i in range(40)),
    "song": "[ti:A song]\n[ar: Somebody]\n"
    + "".join(f"[00:{i:02}.10]line {i}\n" for i in range(40)),
    "song of words": "".join(f"[00:{i:02}.10] <00:{i:02}.20> line {i}\n" for i in range(40)),
    "ass": "[Script Info]\nTitle: x\n\n[Events]\nFormat: Layer, Start\n"
    + "".join(
        f"Dialogue: 0,0:00:{i:02}.10,0:00:{i:02}.90,Default,,0,0,0,,{{\\i1}}line {i}\n"
        for i in range(40)
    ),
    "song in seconds": "[ti:A song]\n" + "".join(f"[00:{i:02}]line {i}\n" for i in range(40)),
    "ass with a font": "[Script Info]\nTitle: x\n\n[Fonts]\nfontname: a_0.ttf\n"
    + "M5G%;^2J8#L!@K3N+P7Q\n" * 400
    + "\n[Events]\nFormat: Layer, Start\n"
    + "".join(
        f"Dialogue: 0,0:00:{i:02}.10,0:00:{i:02}.90,Default,,0,0,0,,line {i}\n" for i in range(40)
    ),
    "tenths": "".join(f"[{i * 25}][{i * 25 + 20}]{{y:i}}line {i}\n" for i in range(40)),
    "tenths, in italics": "".join(f"[{i * 25}][{i * 25 + 20}]/line {i}\n" for i in range(40)),
    "viewer": "[INFORMATION]\n[TITLE]A film\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF\n\n"
    + "".join(
        f"00:00:{i:02}.10,00:00:{i:02}.90\nline {i}[br]line {i + 1}\n\n" for i in range(0, 40, 2)
    ),
    "named": "WEBVTT\n\n"
    + "".join(f"cue {i}\n00:{i:02}.100 --> 00:{i:02}.900\nline {i}\n\n" for i in range(40)),
    "transcript": "".join(f"{i}:07\nline {i}\n" for i in range(40)),
    "pages": "<SAMI><HEAD><STYLE TYPE='text/css'><!-- P {} --></STYLE></HEAD><BODY>\n"
    + "".join(f"<SYNC Start={i}000><P Class=EN>line {i}\n" for i in range(40)),
    "pictures in seconds": "".join(
        f"{i}\n\n00:00:{i:02}:10 --> 00:00:{i:02}:20\nline {i}\n\n" for i in range(40)
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_subtitles_of_other_forms_are_read_without_their_times(form):
    assert recognise(FORMS[form]) == ("html" if form == "pages" else "subtitles")
    words = "".join(f"line {i}\n" for i in range(40))
    long = FORMS[form] * 1
    kept = paste(long + FORMS[form].replace("line", WORDS))
    assert kept.text == words + words.replace("line", WORDS)


def test_captions_that_roll_are_read_once():
    cues, shown = [], ""
    for i in range(60):
        clock = f"00:00:{i:02}.000 --> 00:00:{i:02}.900 align:start position:0%"
        new = f"and <00:00:{i:02}.300><c>caption</c> number {i} &amp; on"
        cues.append(f"{clock}\n{shown or ' '}\n{new}\n\n")
        shown = f"and caption number {i} &amp; on"
        cues.append(f"{clock}\n{shown}\n \n\n")
    corpus = paste("WEBVTT\nKind: captions\n\n" + "".join(cues) * 2)
    once = "".join(f"and caption number {i} & on\n" for i in range(60))
    assert corpus.text == once * 2
    assert "lines that the caption before them had as well" in " ".join(corpus.notices)


def test_what_is_said_twice_is_kept_where_one_caption_has_an_inner_time():
    cues = "".join(f"00:{i:02}.100 --> 00:{i:02}.900\nNo. No.\n\n" for i in range(40))
    text = "WEBVTT\n\n" + cues + "00:50.100 --> 00:50.900\none <00:50.300>two\n\n"
    assert without_times(text).words.count("No. No.") == 40


@pytest.mark.parametrize(
    "last", ["1\n" + " " * 200_000 + "x\n", "{" + "\\p1" * 100_000, "\r" * 200_000 + "x"]
)
def test_a_line_of_any_length_takes_no_longer_than_its_characters(last):
    cues = "".join(f"{i}\n00:00:{i:02},100 --> 00:00:{i:02},900\nline {i}\n\n" for i in range(40))
    ass = "".join(f"Dialogue: 0,0:00:{i:02}.10,0,Default,,0,0,0,,line {i}\n" for i in range(40))
    for text in (cues + last, ass + f"Dialogue: 0,0,0,Default,,0,0,0,,{last}\n"):
        assert "line 39" in without_times(text).words  # by the square it would take minutes
        normalize(text)


def test_what_is_said_may_begin_as_a_comment():
    head = "WEBVTT\n\nNOTE a comment\nof two lines\n\nSTYLE\n::cue {}\n\n"
    corpus = paste(subtitles(".", head, "NOTE the time, " + WORDS))
    assert corpus.text.count("NOTE the time") == 39
    assert "comment" not in corpus.text and "::cue" not in corpus.text


def test_captions_that_roll_are_read_once_also_where_they_became_subrip():
    lines = [f"words that are said, {number}" for number in range(60)]
    cues = [
        cue
        for one, other in zip(lines, lines[1:], strict=False)
        for cue in (f"{one}\n{other}", other)
    ]
    rolling = "".join(
        f"{number}\n{time(number)} --> {time(number + 1)}\n{cue}\n\n"
        for number, cue in enumerate(cues, 1)
    )
    assert paste(rolling * 2).text == "".join(f"{line}\n" for line in lines * 2)


def test_drawings_in_subtitles_are_no_words():
    event = "Dialogue: 0,0:00:01.10,0:00:01.90,Default,,0,0,0,,"
    drawn = f"{event}{{\\p1}}m 0 0 l 100 0 100 50{{\\p0}}{WORDS}\n" * 60
    assert paste("[Script Info]\n\n[Events]\n" + drawn).text == f"{WORDS}\n" * 60


def test_a_page_about_pages_keeps_the_tags_that_it_writes_about():
    page = "<html><body>" + "<p>The &lt;p&gt; tag, caf&eacute; &amp;amp; more.</p>\n" * 90
    assert paste(page + "</body></html>").text.startswith("The <p> tag, café &amp; more.\n\n" * 89)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<smses>" + "<sms body='hi &#55357;&#56832; you'/>\n" * 300 + "</smses>", "hi 😀 you\n"),
        ("<opml><body>" + "<outline text='one line'/>\n" * 300 + "</body></opml>", "one line\n"),
    ],
)
def test_words_in_attributes_are_found_where_no_element_is_closed(markup, words):
    lines = paste(markup).text.split("\n")
    assert {f"{line}\n" for line in lines if line} == {words}


@pytest.mark.parametrize("first", ["title", "strong", "nav", "header", "em"])
def test_a_page_may_begin_with_any_usual_tag(first):
    assert recognise(f"<{first}>A page</{first}>\n" + f"<p>{WORDS}</p>\n" * 9) == "html"


def test_what_a_program_hears_is_read_without_its_times():
    heard = "".join(f"[{time(i, '.')} --> {time(i + 1, '.')}]  {WORDS}\n" for i in range(60))
    assert paste(heard).text == f"{WORDS}\n" * 60


def test_numbers_that_are_said_stay_where_cues_have_none():
    text = "".join(f"{time(3 * i)} --> {time(3 * i + 2)}\n42\n\n" for i in range(1, 40))
    long = "".join(f"{time(3 * i)} --> {time(3 * i + 2)}\n{WORDS}\n\n" for i in range(1, 40))
    assert paste(text + long).text.count("42\n") == 39


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"<!-- {'saved by a browser ' * 500} -->\n" + PAGE, "html"),
        (f"Subject: a page\nDate: today\n\n{PAGE}", "html"),
        ("<a name=x></a>\n" + f"<p>{WORDS}</p>\n" * 9, "html"),
        ("<?xml version='1.0'?>\n<TEI><teiHeader/><text><body>" + "<l>line</l>\n" * 9, "xml"),
        ("<?xml version='1.0'?>\n<rows>" + f"<row>{WORDS}</row>\n" * 9, "xml"),
        ("<rows n='9'>" + f"<row>{WORDS}</row>\n" * 9 + "</rows>\n", "xml"),
        ("<m:wiki xmlns:m='x'>" + f"<m:row>{WORDS}</m:row>\n" * 9, "xml"),
        ("<svg xmlns='x'>" + f"<g>{WORDS}</g>\n" * 9 + "</svg>\n", ""),
        ("<rows> are " + f"<row>{WORDS}</row>\n" * 9, ""),
        ("A page begins with\n<html> and has a <body></body>, <p></p> <p></p> <p></p>.\n", ""),
    ],
)
def test_pages_and_xml_are_recognised_where_something_stands_before_them(text, kind):
    assert recognise(text) == kind


def test_xml_keeps_its_lines():
    text = "<?xml version='1.0'?>\n<poem>\n" + f"<verse>{WORDS}</verse>\n" * 60 + "</poem>\n"
    corpus = paste(text)
    assert corpus.text == f"{WORDS}\n" * 60
    assert corpus.notices[0].startswith("Read as a text with tags: ")


def test_objects_of_json_are_no_table():
    assert name_table('{"a": 1, "b": "x"}\n' * 40) == ""


def test_a_poem_with_some_tags_keeps_its_lines():
    words = "Shall I compare thee\nto a summer’s day?\n\n"
    poem = paste(words.replace("Shall", "<i>Shall").replace("thee", "thee</i>") * 60)
    assert poem.text.rstrip("\n") == (words * 60).rstrip("\n")


@pytest.mark.parametrize(
    "few", ["Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hi all\n", "[00:12.345] a log | x\n"]
)
def test_a_few_times_make_no_subtitles(few):
    text = "A long story of it all.\n" * 300 + few * 5
    assert paste(text).text == text


def test_what_a_russian_e_book_says_of_itself_is_no_part_of_it():
    book = (
        '<?xml version="1.0"?>\n<FictionBook><description><title-info><genre>prose</genre>'
        "<author><last-name>Tolstoy</last-name></author></title-info></description><body>"
        + f"<p>{WORDS}</p>" * 50
        + "</body></FictionBook>"
    )
    assert paste(book).text == f"{WORDS}\n\n" * 49 + f"{WORDS}\n"
    feed = "<rss><channel>" + f"<item><description>{WORDS}</description></item>" * 50 + "</rss>"
    assert paste('<?xml version="1.0"?>' + feed).text.count(WORDS) == 50


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"[1234][{2000 + i}] worker did thing number {i}\n" for i in range(90)),
        "".join(f"1:{verse}\nAnd God said, Let there be light.\n" for verse in range(1, 60)),
        "<?php echo 1; ?>\n<div><p>Hello <?= $b ?></p></div>\n" * 60,
    ],
)
def test_logs_verses_and_programs_are_left_as_they_are(text):
    corpus = paste(text)
    assert corpus.text == text and corpus.markup == ""


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"[00:{i // 4:02}] <ann> hello there, number {i}\n" for i in range(90)),
        "".join(f"[09:{i % 60:02}] <ann> hello there, number {i}\n" for i in range(90)),
        "".join(f"[{7 * i // 60:02}:{7 * i % 60:02}] <ann> hello, {i}\n" for i in range(200)),
        "".join(f"{i // 4:02}:{15 * (i % 4):02}\nNews and more\n" for i in range(96)),
        "".join(f"[10:{i % 60:02}.123] INFO something happened {i}\n" for i in range(200)),
        "[Script Info]\nTitle: x\n" + "nothing of the kind\n" * 90,
        "07:15\nI got up and had breakfast.\nIt rained.\n" * 60,
        "".join(f"{6 + i // 6:02}:{i % 6}0\nTrain to Berlin\n" for i in range(90)),
        "".join(f"[{i}][{i + 1}] See also the next note, please.\n" for i in range(79)),
    ],
)
def test_times_of_a_diary_or_a_timetable_are_words(text):
    assert recognise(text) == ""


def test_a_read_me_that_begins_with_a_tag_keeps_its_programs():
    text = '<p align="center">charts</p>\n' * 9 + "# Use\n```\nstd::vector<int> a;\n```\n" * 80
    assert recognise(text) == ""
    assert read_text(text.encode(), "README.md").text == text


def test_commas_within_numbers_part_no_columns():
    text = "Name;Wert\n" + "".join(f"Ort {number};{number},5\n" for number in range(300))
    assert any(
        "2 columns, parted by semicolons" in one for one in read_text(text.encode(), "a").notices
    )
