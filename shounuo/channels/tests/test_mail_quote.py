import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.channels.mail.quote import split_html, split_text
from shounuo.kernel.html import sanitise, to_text

HEADER = "发件人: 客服 <a@b.example>\n发送时间: 2026年1月2日 15:04\n收件人: 张三\n主题: 回复\n\n原来的话"
# What each program puts between the answer and the original.
TEXTS = {
    "QQ": "------------------ 原始邮件 ------------------\n" + HEADER,
    "QQ mobile": '---原始邮件---\n发件人:"客服"<a@b.example>\n发送时间:2026年1月2日(周四) 上午9:00\n原来的话',
    "163 Chinese": '在 2026-01-02 15:04:05，"客服" <a@b.example> 写道：\n>原来的话\n>第二行',
    "163 English": 'At 2026-01-02 15:04:05, "客服" <a@b.example> wrote:\n>原来的话',
    "163 mobile": "---- 回复的原邮件 ----\n| 发件人 | 客服<a@b.example> |\n| 发送日期 | 2026年1月2日 |\n| 收件人 | 张三 |\n原来的话",
    "Outlook Chinese": HEADER,
    "Outlook traditional": "寄件者: 客服 <a@b.example>\n寄件日期: 2026年1月2日\n收件者: 張三\n主旨: 回覆\n\n原來的話",
    "Outlook English": "From: Service <a@b.example>\nSent: Friday, January 2, 2026 3:04 PM\nTo: Zhang\nSubject: RE: x\n\nold",
    "Outlook with a rule": "________________________________\n" + HEADER,
    "Outlook original": "-----原始邮件-----\n" + HEADER,
    "Outlook express": "----- Original Message -----\nFrom: Service\nold",
    "Outlook bold": "*发件人:* 客服\n*发送时间:* 2026年\n*收件人:* 张三\n*主题:* x\n\n原来的话",
    "Foxmail": " \n发件人： 客服\n发送时间： 2026-01-02 15:04\n收件人： 张三\n主题： Re\n原来的话",
    "Gmail Chinese": "客服 <a@b.example> 于2026年1月2日周五 15:04写道：\n\n> 原来的话",
    "Gmail Chinese, wrapped": "客服中心技术支持第一组 <support-with-a-long-name@b.example>\n于2026年1月2日周五 15:04写道：\n\n> 原来的话",
    "Gmail English": "On Fri, Jan 2, 2026 at 3:04 PM Service <a@b.example> wrote:\n\n> old\n> lines",
    "Gmail English, wrapped": "On Fri, Jan 2, 2026 at 3:04 PM The Service <\na.very.long.address@b.example> wrote:\n\n> old",
    "Apple Chinese": "> 在 2026年1月2日，15:04，客服 <a@b.example> 写道：\n> \n> 原来的话",
    "iPhone": "发自我的 iPhone\n\n> 在 2026年1月2日，15:04，客服 <a@b.example> 写道：\n> 原来的话",
    "Huawei": "来自我的华为手机\n-------- 原始邮件 --------\n发件人：客服\n原来的话",
    "WeCom": "发自我的企业微信\n\n\n------------------ Original ------------------\nFrom: 客服\nDate: Fri, Jan 2, 2026\nTo: x\nSubject: y\n\nold",
    "Aliyun": "------------------------------------------------------------------\n发件人：客服 <a@b.example>\n发送时间：2026年1月2日(星期五) 15:04\n收件人：张三\n主　题：x\n\n原来的话",
    "one line": "发件人: 客服 <a@b.example> 发送时间: 2026年1月2日 收件人: 张三 主题: x\n原来的话",
    "forwarded": "---------- Forwarded message ---------\nFrom: A <a@b.example>\nold",
    "no mark at the quote": "在 2026-01-02 15:04:05，客服 写道：\n\n原来的话没有大于号",
    "signature": "-- \n张三\n技术部",
    "phone signature": "发自我的小米手机",
    "closing": "此致\n敬礼！\n张三",
    "notice": "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。",
    "list footer": "_______________________________________________\nlist@b.example\nhttps://b.example/list",
}
OLD = "<div>原来的话</div>"
FIELDS = "<div><b>发件人:</b> 客服</div><div><b>发送时间:</b> 2026年</div><div><b>收件人:</b> x</div><div><b>主题:</b> y</div>"
PAGES = {
    "QQ": f'<div style="font-size: 12px;padding:2px 0 2px 0;">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="background:#efefef;">{FIELDS}</div>{OLD}',
    "QQ new": "<div class=x><div>Original</div><table><tr><td>发件人：</td><td>客服</td></tr><tr><td>发件时间：</td><td>2026年</td></tr><tr><td>收件人：</td><td>x</td></tr></table></div>"
    + OLD,
    "163": f'<br>在 2026-01-02 15:04:05，"客服" &lt;a@b.example&gt; 写道：<br><blockquote id="isReplyContent">{OLD}</blockquote><br><span title="neteasefooter"><p>&nbsp;</p></span>',
    "163 mobile": f"<div><div>---- 回复的原邮件 ----</div><table><tr><td>发件人</td><td>a</td></tr></table></div>{OLD}",
    "Gmail": f'<div class="gmail_quote"><div class="gmail_attr">客服 于2026年1月2日周五 15:04写道：<br></div><blockquote>{OLD}</blockquote></div>',
    "Outlook": f"<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm'>{FIELDS}</div>{OLD}",
    "Outlook web": f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> a<br><b>Sent:</b> b</div>{OLD}',
    "Foxmail": f'<blockquote style="margin-top:0px"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt">{FIELDS}</div>{OLD}</blockquote>',
    "Apple": f'<blockquote type="cite"><div>在 2026年1月2日，下午3:04，客服 写道：</div>{OLD}</blockquote>',
    "iPhone": f'<div id="AppleMailSignature">发自我的iPhone</div><div>在 2026年1月2日，15:04，a &lt;a@b.example&gt; 写道：<br></div><blockquote type="cite">{OLD}</blockquote>',
    "Thunderbird": f'<div class="moz-cite-prefix">On 1/2/26 15:04, A wrote:<br></div><blockquote type="cite">{OLD}</blockquote><pre class="moz-signature">-- \nsig</pre>',
    "139": f'<div id="signContainer"></div><hr id="replySplit"><div id="reply139content">{OLD}</div>',
    "Aliyun": f'<div class="__aliyun_previous_quote">{FIELDS}{OLD}</div>',
    "Feishu": f'<div class="history-quote-wrapper">{OLD}</div>',
    "signature": '<div class="gmail_signature">张三<br>电话 138</div>',
}


class TestText:
    @pytest.mark.parametrize("program", TEXTS)
    def test_the_answer_is_what_stays(self, program):
        text = "设备还是不行。\n请再看看，谢谢\n\n" + TEXTS[program]
        split = split_text(text)
        assert split.visible.rstrip() == "设备还是不行。\n请再看看，谢谢"
        assert split.visible + split.folded == text

    @pytest.mark.parametrize("program", TEXTS)
    def test_where_nothing_new_is_left_all_is_shown(self, program):
        assert split_text(TEXTS[program]) == split_text(TEXTS[program]).__class__(TEXTS[program], "")

    def test_answers_between_the_questions_stay_with_them(self):
        text = (
            "On Jan 2, 2026, at 15:04, A wrote:\n> 第一问\n\n第一答\n\n> 第二问\n第二答\n\n> 尾巴\n-- \n张三"
        )
        split = split_text(text)
        assert (
            split.visible.rstrip().endswith("第二答")
            and "第一问" in split.visible
            and split.folded.startswith("> 尾巴")
        )

    def test_an_answer_below_the_quote_is_seen(self):
        assert split_text("> 问\n> 问\n\n答在下面").visible.endswith("答在下面")

    @pytest.mark.parametrize(
        "text",
        ["发件人一直收不到邮件\n时间：昨天\n地点：北京", "我在2026年1月2日的来信中写道：机器坏了。\n请处理。", "设备来自华为手机专卖店，坏了", "姓名：张三\n时间：2026-01-02\n主题：退款\n内容：很急",
         "From: our shop we sent it.\nOn the other hand, it is fine.", "Sent from my desk, is much easier then my mobile phone.", "第一点\n----\n第二点\n====\n完", "- 一\n- 二\n-- 三\n完",
         "```\n-- \nselect 1;\n```\n以上是日志", "a > b\nb < c", "在 2026 年我们写道，然后继续", "On 5 May I wrote: it broke", "主题：发票\n请开发票", ""],
    )  # fmt: skip
    def test_ordinary_words_are_no_quote(self, text):
        assert split_text("您好\n" + text).folded.strip() == ""

    @given(
        st.lists(
            st.sampled_from(
                [
                    *TEXTS.values(),
                    "您好",
                    "> q",
                    "",
                    "-- ",
                    "On 2026 wrote:",
                    "写道：",
                    "发件人:",
                    "\r",
                    "\x0b",
                    "\u2028",
                ]
            ),
            max_size=12,
        )
    )
    def test_nothing_is_ever_dropped(self, pieces):
        text = "\n".join(pieces)
        split = split_text(text)
        assert split.visible + split.folded == text and (split.visible.strip() or not text.strip())

    @pytest.mark.parametrize(
        "text",
        [
            ("-" * 600 + "\n") * 1600,
            "On 5 a:\n" * 60_000,
            "x\n" + "-- \na\n" * 60_000,
            "From: a\n\n" * 60_000,
            ("在2026" * 100 + "写道：\n") * 1000,
        ],
    )
    def test_hostile_texts_cost_little(self, text):
        begun = time.process_time()
        split_text(text)
        assert time.process_time() - begun < 4


class TestHtml:
    @pytest.mark.parametrize("program", PAGES)
    def test_the_answer_is_what_stays(self, program):
        page = "<div>设备还是不行。</div><div>请再看看，谢谢</div><div><br></div>" + PAGES[program]
        split = split_html(page)
        assert to_text(split.visible) == "设备还是不行。\n请再看看，谢谢"
        assert split.visible + split.folded == page
        assert sanitise(split.folded).html.strip()

    def test_a_whole_document_with_head_and_style(self):
        page = f"<html><head><title>t</title><style>p{{}}</style></head><body><p>新</p>{PAGES['Outlook']}</body></html>"
        assert to_text(split_html(page).visible) == "新"

    def test_where_nothing_new_is_left_all_is_shown(self):
        page = f"<blockquote>{OLD}</blockquote>"
        assert split_html(page).visible == page

    def test_answers_between_the_questions_stay_with_them(self):
        page = "<p>好</p><blockquote type=cite>第一问</blockquote><div>第一答</div><blockquote type=cite>第二问</blockquote><div>第二答</div><blockquote type=cite>尾巴</blockquote>"
        split = split_html(page)
        assert "第二答" in split.visible and "尾巴" not in split.visible

    @given(
        st.lists(
            st.sampled_from(
                [
                    *PAGES.values(),
                    "<p>您好</p>",
                    "<blockquote>",
                    "</blockquote>",
                    "<!--",
                    "-->",
                    "<script>",
                    "<",
                    "&nbsp;",
                    "<hr>",
                    "<div class='gmail_quote'>",
                    "</div>",
                ]
            ),
            max_size=10,
        )
    )
    def test_nothing_is_ever_dropped(self, pieces):
        page = "".join(pieces)
        split = split_html(page)
        assert split.visible + split.folded == page

    @pytest.mark.parametrize(
        "page",
        [
            "<div>x</div>" * 100_000,
            "<blockquote>x" * 60_000,
            "<script>" * 100_000,
            "<div " + "class=" * 200_000 + ">x",
            "<" * 500_000,
        ],
    )
    def test_hostile_pages_cost_little(self, page):
        begun = time.process_time()
        split_html(page)
        assert time.process_time() - begun < 3
