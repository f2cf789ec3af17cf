"""The words of web pages and XML are those that a browser shows, however long the page is."""

import random
import sys

import pytest

from charlstm.text import tags
from charlstm.text.tags import words_of


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("best<![if !supportEmptyParas]> <![endif]>of", "best of\n"),
        ('<!DOCTYPE book [\n<!ENTITY hero "Ann">\n]><p>text', "text\n"),
    ],
)
def test_declarations_of_word_and_of_xml_are_left_out(markup, words):
    assert words_of(markup) == words


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp>字<rt>ji</ruby> is", "漢字 is\n"),
        ("<ruby><rb>漢<rt>kan<rtc>x</ruby> is", "漢 is\n"),
        ("<p>a <note>b</note> c", "a b c\n"),
        ("<p>Mr. <st1:title>A</st1:title> <st1:address>b</st1:address> c", "Mr. A b c\n"),
        (
            "<div hidden><b>" + "x" * 60_000 + "</b></div><div hidden>menu</div><p>" + "x" * 60_000,
            "x" * 60_000 + "\n\n" + "x" * 60_000 + "\n",
        ),
        ("<p>a<head>b<title>c</p>d", "ab\nc\n\nd\n"),
        ("<head><title>a<p>b", "b\n"),
        ("<p>a<svg><g><path/></g></svg>b<rt>c<b>d</b></rt>e", "abe\n"),
        ("<p title='<b>'>a <!-- <b> --> <!a>b<?c d?>", "a b\n"),
        ("<p>a <b =<i>c</i> <!d <p>e", "a <b =c <!d\ne\n"),
        ("<p>a<!-- x --!>b<!-- y -->c</p>", "abc\n"),
        ('<p>exam<lb break="no"/>ple<lb/>next</p>', "example\nnext\n"),
        ("<p>a <b>b </b> <I>c</I>d</p>", "a b cd\n"),
        ("<p>a &<b>lt;</b> &lt; b</p>", "a &lt; < b\n"),
        ("<details><summary>a</summary>b</details>c <q>d</q>", "a\nb\nc “d”\n"),
        ("<select><option>a<option>b</select>", "a\nb\n"),
        ("<body><p class='x'>a</p> <table> <tr> <td>b <TD>c</tr></table>", "a\n\nb \tc\n"),
        ("<body>x<pre>a <b>b</b>\n  c</pre> d <br/> e", "x\na b\n  c\n\nd\ne\n"),
        ("<body><p title='a > b' hidden>x</p><P style='display: none'>y</P>z", "z\n"),
        ("<choice><sic>teh</sic><corr>the</corr></choice> <sic>teh</sic>", "the teh\n"),
        ("<rss><description>&lt;p&gt;a &amp;lt; b&lt;/p&gt;</description></rss>", "a < b\n"),
        ("<p>write &lt;p&gt;a&lt;/p&gt;</p>", "write <p>a</p>\n"),
        (
            "<opml><outline text='one &amp; two'/><outline text=\"three\"/></opml>",
            "one & two\n\nthree\n",
        ),
        ('<smses><sms date="1" body="hi &#55357;&#56832;" type="1"/></smses>', "hi 😀\n"),
        ("&#55357; &#56832;&#55358;", "\ufffd \ufffd\ufffd\n"),
        ("<p>a<span style='color: red; display:none'>x<span>y</span></span>b</p>", "ab\n"),
        ("<p hidden>x<p>a<p>b", "a\nb\n"),
        ("<p hidden>x</p>a<p>b</p>", "a\nb\n"),
        ("<ul><li hidden>x<ul><li>y</ul><li>a</ul>", "y\n\na\n"),
        ("<ul><li hidden>x<ul><li>y</li></ul></li><li>a</ul>", "a\n"),
        ("<div>a<pre hidden>x</pre><font style='display:none'>x</font>b</div>", "ab\n"),
        ("<div hidden>x<div>y</div></div><p title='hidden'>b</p>", "b\n"),
        ('<p class="is hidden here">a</p><p style="display:none">b', "a\n\nb\n"),
        ("a<strong hidden>x</strong>b<h1 hidden>x</h1>c<b style='display:none'>x</b>d", "abcd\n"),
        ("a<menu><li>b</menu>c<hgroup>d</hgroup>e<search>f</search>", "a\n\nb\nc\nd\ne\nf\n"),
        ("a<iframe>x</iframe>b <noscript>x</noscript><canvas>x</canvas>c", "ab c\n"),
        ("<script src=a/>x</script>a<script/>x</script>b", "ab\n"),
        ("<title>x</title>a", "a\n"),
        ('<script>x</script b="<![CDATA[a<i>c</i>" <', 'b="<![CDATA[ac" <\n'),
        ("<head><title>x<body>a", "a\n"),
        ("<FictionBook><body><p>a <style name='x'>b</style> c", "a b c\n"),
        ("<FictionBook><body><title><p>a</p></title><p>b</p>", "a\n\nb\n"),
        ('<div data-a=\'{"a":"<p>' + "x " * 1_100 + "</p>\"}'>a</div>", "a\n"),
    ],
)
def test_words_are_found_where_each_kind_of_file_has_them(markup, words):
    assert words_of(markup) == words


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<book><para>One.</para><para>Two.</para></book>", "One.\nTwo.\n"),
        ("<s><w>the</w><c> </c><hi>k</hi><hi>ing</hi></s>", "the king\n"),
        ("<row><x>1</x><y>2</y></row><row><x>3</x></row>", "1\n2\n3\n"),
        ("<tr><td>1</td><td>2</td></tr><tr><th>3</th></tr>", "1\t2\n\n3\n"),
        ("<x>a</pre>  b</x>", "a\n\n  b\n"),
        (
            "<wpt><name>A</name><desc>B</desc></wpt><wpt><date>1</date><note>c</note></wpt>",
            "A\nB\n1\nc\n",
        ),
        ("<unit><note>a</note><source>b</source></unit><unit>c</unit>", "a\nb\nc\n"),
        ("<x><![CDATA[a &amp; <b>c</b>]d]]></x><x>&lt;b&gt;</x>", "a & c]d\n<b>\n"),
        ("<library><video><title>A</title><plot>B</plot></video></library>", "A\n\nB\n"),
        ("<script><scene>A<style>b</style></scene></script>", "Ab\n"),
        ("<doc><![CDATA[a<c> &copy=c &c<d>]]></doc>", "a<c> &copy=c &c<d>\n"),
        (
            "<doc><![CDATA[std::vector<int> x; if (a<c && d>e)]]></doc>",
            "std::vector<int> x; if (a<c && d>e)\n",
        ),
        (
            "<p><italic>T</italic><sub>max</sub> <forename>A</forename><surname>B</surname></p>",
            "Tmax AB\n",
        ),
        (
            "<en-export><note><title>A</title><content><![CDATA[<en-note><div>b</div></en-note>]]></content>"
            "<resource><data>iVBO</data></resource></note></en-export>",
            "A\n\nb\n",
        ),
        ('<smses><sms body="a"/><mms><parts><part text="b"/></parts></mms></smses>', "a\n\nb\n"),
        (
            "<rss><title>a&lt;script&gt;b&lt;i&gt;c&lt;/script&gt;&lt;body&gt;d</title></rss>",
            "ad\n",
        ),
        ("<rss><title>Tom &amp;amp; Jerry</title></rss>", "Tom & Jerry\n"),
        ("<choice>A</choice><choice>B</choice>", "A\nB\n"),
        (
            "<mediawiki xmlns='x'><siteinfo><sitename>W</sitename></siteinfo><page><title>T</title>"
            "<id>1</id><revision><timestamp>2020</timestamp><contributor><username>Ann</username>"
            "</contributor><text>&lt;poem&gt;A line&lt;br /&gt;more</text><sha1>ab</sha1>"
            "</revision></page></mediawiki>",
            "T\n\nA line\nmore\n",
        ),
        (
            "<rss><item><title>T</title><link>http://x</link><guid>1</guid><pubDate>Mon</pubDate>"
            "<description>Words</description></item></rss>",
            "T\n\nWords\n",
        ),
    ],
)
def test_elements_of_xml_that_are_no_part_of_a_line_are_parted(markup, words):
    assert words_of(markup, keeps_lines=True) == words


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>a wo<note>one note</note>rd.</p><p>b</p>", "a word.\none note\n\nb\n"),
        ("<p>a<note>one <p>two</p></note> b", "a b\none\ntwo\n"),
        (
            "<p>a<note>b<note>c</note>d</note> e<note/> f<note>g</note>h<p>i",
            "a e fh\nc\nbd\ng\ni\n",
        ),
        ("<p>a<br/>b<note> c </note>d<note> </note></p>e</note>f", "a\nbd\nc\n\nef\n"),
        ("<p>a<note>b<p>c", "a\nb\nc\n"),
        ("<p>a<note>b</note></p><p>c</p>", "a\nb\n\nc\n"),
        ("<p>He wrote <title>A</title> in B", "He wrote A in B\n"),
        ("<p><name>A</name><name>B</name><s>c.</s><s>d</s></p>", "ABc.d\n"),
    ],
)
def test_notes_of_tei_follow_their_paragraph_and_its_names_are_words(markup, words):
    assert words_of(f"<?xml version='1.0'?><TEI>{markup}", keeps_lines=True) == words


PARAGRAPHS = [
    ("<p>one</p>", "one"),
    ("<p>a <b>b</b><!-- <b> --> c<!-- c --></p>", "a b c"),
    ("<p class=x id='y'>and <a href=a.html title=\"a > b\">more</a></p>", "and more"),
    ("<p>caf&eacute; &amp;amp; &<b>lt;</b> 1 < 2 <a <b>x</b></p>", "café &amp; &lt; 1 < 2 <a x"),
    ("<p>a<script>x</script><script>if (a < b) {}</script> b<style>c</style></p>", "a b"),
    ("<p>a<svg><path d='x'/></svg>b<span hidden>c</span></p>", "ab"),
    ("<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>", "漢"),
    ("<pre>a\n  <i>b</i></pre>", "a\n  b"),
    ("<p>a</p><pre class=c>\tb &lt; c\n<br>   <br></pre></pre> <p>\td</p>", "a\n\n\tb < c\n\nd"),
    ("<p>a<br>b<br/>\n c</p>", "a\nb\nc"),
    ("<P>x<![CDATA[ y ]]>z<![CDATA[&amp;]]></P>", "x y z&"),
    ("<p>" + "many words " * 100 + "</p>", ("many words " * 100).strip()),
    ("<p title='" + "x" * 5_000 + "'>z</p>", "z"),
    ("<p>a <q>b</q> <code>c</code><img src=d alt='>'></p>", "a “b” c"),
]


@pytest.mark.parametrize("seed", range(5))
def test_a_long_page_has_the_words_of_its_paragraphs(seed):
    page = random.Random(seed).choices(PARAGRAPHS, k=2_000)
    markup = "<body>" + "\n".join(markup for markup, _ in page)
    assert words_of(markup) == "\n\n".join(words for _, words in page) + "\n"


TAGS = (
    "b p br q pre td li div h1 note choice sic corr script style title head body text rt rp ruby "
    "svg lb w x:p link description"
).split()
ATTRIBUTES = ["", "", "", "/", " a=b", " a='<'", ' a="b', " =", " hidden", ' style="display:none"']
WORDS = [
    "a",
    "two  words",
    "\n",
    "",
    " ",
    "<",
    "&amp;",
    "&lt;p&gt;b&amp;lt;&lt;/p&gt;",
    "&lt;rt&gt;",
]
WORDS += [
    "&lt;script&gt;a",
    "&lt;/script&gt;",
    "&lt;video&gt;c&lt;/video&gt;",
    "&lt;div hidden&gt;",
]
WORDS += ["<!-- c -->", "<!-- <b> ", "<![CDATA[c]]>", "<![CDATA[<p>c]&amp;", "]]>", "<?c?>", "<!c"]


@pytest.mark.parametrize("keeps_lines", [False, True])
@pytest.mark.parametrize(
    "begins", ["<body>", "<html><head><title>x</title></head>", "<rss>", "<TEI>"]
)
def test_tags_that_are_taken_together_give_the_same_as_one_by_one(monkeypatch, begins, keeps_lines):
    generator = random.Random(f"{begins} {keeps_lines}")
    pages = [
        begins
        + "".join(
            f"{generator.choice(WORDS)}<{generator.choice(['', '/'])}{generator.choice(TAGS)}"
            f"{generator.choice(ATTRIBUTES)}>"
            for _ in range(generator.randrange(1, 80))
        )
        for _ in range(200)
    ]
    together = [words_of(page, keeps_lines=keeps_lines) for page in pages]
    monkeypatch.setattr(tags._Page, "_simple_tags", lambda page, begin: [])
    monkeypatch.setattr(
        tags._Page, "_inner_pages", lambda page, inner: [*map(page._inner_page, inner)]
    )
    assert [words_of(page, keeps_lines=keeps_lines) for page in pages] == together


ELEMENTS = [
    ("<l>To be</l>", "To be"),
    ("<l>or <w>not</w> <w>to</w> be</l>", "or not to be"),
    ("<!-- a comment --><l>that<!-- is --> <?pi x?>the</l><!-- > -->", "that the"),
    ("<l><![CDATA[question]]>: <![CDATA[<w>]]><![CDATA[<b>]]></l>", "question: <w>"),
    ("<l>a<lb/>b<lb break='no'/>c</l>", "a\nbc"),
    ("<l>a <choice><sic>teh</sic><corr>the</corr></choice> b</l>", "a the b"),
    (
        "<l>c <choice> <sic n='1'><hi>t</hi>eh</sic> <corr><hi>t</hi>he</corr></choice> d</l>",
        "c  the d",
    ),
    (
        "<l>e <choice><reg n='1'>f</reg> <orig>g</orig></choice> <?x <y> ?><orig>h</orig></l>",
        "e f h",
    ),
    ("<tei:item>x</tei:item><item/>", "x"),
    ("<row><x>1</x><y>2</y><z/></row>", "1\n2"),
    ("<tr><td>1</td><td>2 <hi>b</hi></td><td/></tr>", "1\t2 b"),
]


@pytest.mark.parametrize("seed", range(5))
def test_long_xml_has_the_words_of_its_elements(seed):
    rows = random.Random(seed).choices(ELEMENTS, k=3_000)
    markup = "<?xml version='1.0'?><text>" + "".join(markup for markup, _ in rows) + "</text>"
    lines = [line for line in words_of(markup, keeps_lines=True).split("\n") if line]
    assert lines == [line for _, words in rows for line in words.split("\n")]


@pytest.mark.parametrize(
    "unit",
    [
        *(' b="<c "', "<a =", "<p ", "</x", '<a b="', "<note>a", "<!-- a ", "<rt>a", "<!a", "<?a"),
        *(
            "<![CDATA[",
            "<li><?x",
            "<note>a<p>b",
            "<svg><math>",
            "<choice><sic>a</sic>",
            "<p hidden>",
            "<li hidden>a",
            "<li hidden>a<li>b</li>",
        ),
    ],
)
@pytest.mark.parametrize("keeps_lines", [False, True])
def test_what_never_ends_takes_no_longer_than_its_characters(unit, keeps_lines):
    def steps(number: int) -> int:
        count = 0

        def counted(frame, event, argument):
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            words_of("<TEI><body><a" + unit * number, keeps_lines=keeps_lines)
        finally:
            sys.setprofile(None)
        return count

    steps(10)  # prepares what is kept for all pages
    assert steps(1_600) < 2.5 * steps(800)


def test_a_long_feed_has_the_words_of_its_items():
    item = (
        "<item><title>One &amp; two</title><link>http://a.b</link><guid>{}</guid><description>"
        "&lt;p&gt;a &lt;b&gt;b&lt;/b&gt;&lt;/p&gt;</description><x:body><![CDATA[<p>c<i>d]]>"
        "</x:body></item>\n"
    )
    feed = "<?xml version='1.0'?><rss><channel>" + "".join(map(item.format, range(1_000)))
    lines = [line for line in words_of(feed, keeps_lines=True).split("\n") if line]
    assert lines == ["One & two", "a b", "cd"] * 1_000
