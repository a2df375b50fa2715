"""Text out of uploaded files: Word's own numbering, PDFs, encodings, and files made to do harm."""

import io
import zipfile
from pathlib import Path

import pytest

from shounuo.kernel.errors import Invalid, TooLarge
from shounuo.policy.proposing import documents, docx, propose
from shounuo.policy.proposing.measure import all_gold, measure

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PDF = Path(__file__).with_name("bank.pdf")
TEXT = "第一条 接到投诉后30分钟内响应。\n第二条 每月培训一次。\n"


def word_file(
    body: str, *, numbering: str = "", styles: str = "", extra: dict[str, bytes] | None = None
) -> bytes:
    """A .docx made by hand: `body`, `numbering` and `styles` are the insides of their parts."""
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "word/document.xml": f'<w:document xmlns:w="{WORD}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>{body}</w:body></w:document>'.encode(),
        **(
            {"word/numbering.xml": f'<w:numbering xmlns:w="{WORD}">{numbering}</w:numbering>'.encode()}
            if numbering
            else {}
        ),
        **({"word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>'.encode()} if styles else {}),
        **(extra or {}),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_numbers_that_word_counts_itself_stand_in_the_text():
    numbering = """
      <w:abstractNum w:abstractNumId="7">
        <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="第%1条"/></w:lvl>
        <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="（%2）"/></w:lvl>
      </w:abstractNum><w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num>"""
    styles = '<w:style w:styleId="A"><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr></w:style>'
    deep = '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr>'
    data = word_file(
        paragraph("服务规定")
        + paragraph("接到投诉后30分钟内响应。", '<w:pStyle w:val="A"/>')
        + paragraph("下列情形除外：", '<w:pStyle w:val="A"/>')
        + paragraph("节假日；", deep)
        + paragraph("停电。", deep)
        + paragraph("每月培训一次。", '<w:pStyle w:val="A"/>'),
        numbering=numbering,
        styles=styles,
    )
    document = documents.read(data)
    assert document.text.splitlines() == [
        "服务规定",
        "第一条 接到投诉后30分钟内响应。",
        "第二条 下列情形除外：",
        "（一） 节假日；",
        "（二） 停电。",
        "第三条 每月培训一次。",
    ]
    proposed = propose(document.text, document.outline, wrapped=document.wrapped)
    assert [(p.clause, p.kind) for p in proposed.proposals] == [("1", "commitment"), ("3", "cadence")]


def test_heading_styles_cut_a_document_that_has_no_numbers():
    styles = '<w:style w:styleId="H1"><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
    styles += '<w:style w:styleId="Own"><w:basedOn w:val="H1"/></w:style>'
    data = word_file(
        paragraph("响应", '<w:pStyle w:val="H1"/>')
        + paragraph("接到投诉后30分钟内响应。")
        + paragraph("培训", '<w:pStyle w:val="Own"/>')
        + paragraph("每月培训一次。"),
        styles=styles,
    )
    document = documents.read(data)
    outline = propose(document.text, document.outline).outline
    assert [(c.number, c.title) for c in outline.clauses] == [("1", "响应"), ("2", "培训")]


def test_deleted_words_are_gone_inserted_ones_stay_and_a_row_of_a_table_is_one_line():
    cell = "<w:tc>{}</w:tc>".format
    data = word_file(
        "<w:p><w:r><w:t>在</w:t></w:r><w:del><w:r><w:delText>60</w:delText><w:t>60</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t>30</w:t></w:r></w:ins><w:r><w:t>分钟内</w:t></w:r></w:p>"
        f"<w:tbl><w:tr>{cell(paragraph('满意度'))}{cell(paragraph('不低于95%'))}</w:tr></w:tbl>"
        "<mc:AlternateContent><mc:Choice>"
        + paragraph("框")
        + "</mc:Choice><mc:Fallback>"
        + paragraph("框")
        + "</mc:Fallback></mc:AlternateContent>"
    )
    assert documents.read(data).text.splitlines() == ["在30分钟内", "满意度\t不低于95%", "框"]


def test_a_level_and_a_time_side_by_side_in_a_table_stay_two_numbers():
    cell = "<w:tc>{}</w:tc>".format
    row = "<w:tr>{}{}{}</w:tr>".format
    data = word_file(
        paragraph("第一条 各等级时限如下。")
        + "<w:tbl>"
        + row(cell(paragraph("等级")), cell(paragraph("单数")), cell(paragraph("时限")))
        + row(cell(paragraph("L1")), cell(paragraph("接到投诉后")), cell(paragraph("5分钟内响应")))
        + row(cell(paragraph("接到投诉后L2")), cell(paragraph("15分钟内响应")), "")
        + row(cell(paragraph("3")), cell(paragraph("20")), cell(paragraph("45分钟内响应")))
        + "</w:tbl>"
    )
    document = documents.read(data)
    assert "3\t20\t45分钟内响应" in document.text
    found = propose(document.text, document.outline).proposals
    assert {p.rule["within"] for p in found} == {"PT5M", "PT15M", "PT45M"}


def test_a_note_at_the_foot_stands_where_it_is_referred_to():
    notes = f'<w:footnotes xmlns:w="{WORD}"><w:footnote w:id="0"><w:p/></w:footnote><w:footnote w:id="2">{paragraph("重大投诉1小时内响应")}</w:footnote></w:footnotes>'
    told = '<w:r><w:footnoteReference w:id="{}"/></w:r>'.format
    data = word_file(
        f"<w:p><w:r><w:t>第一条 接到投诉后2小时内响应</w:t></w:r>{told(2)}<w:r><w:t>。</w:t></w:r>{told(0)}{told(9)}</w:p>",
        extra={"word/footnotes.xml": notes.encode()},
    )
    document = documents.read(data)
    assert document.text == "第一条 接到投诉后2小时内响应（重大投诉1小时内响应）。"
    assert [p.rule["within"] for p in propose(document.text).proposals] == ["PT2H", "PT1H"]


def test_zero_bytes_left_in_a_text_do_not_make_it_unreadable():
    found = documents.read(TEXT.encode().replace("每月".encode(), b"\0" + "每月".encode()))
    assert found.text == TEXT


def test_a_pdf_reads_as_well_as_the_text_it_was_made_of():
    document = documents.read(PDF.read_bytes())
    assert (document.kind, document.pages) == ("pdf", 1)
    gold = next(g for g in all_gold() if g.name == "bank")
    proposed = propose(document.text, document.outline, wrapped=document.wrapped)
    assert [c.number for c in proposed.outline.clauses] == list(gold.clauses)
    total = measure(gold, proposed.proposals).total
    assert (total.precision, total.recall) == (1, 1)


def test_heads_feet_and_numbers_of_pages_are_no_text():
    pages = [f"安和物业制度汇编\n第{n}条 甲。\n乙{n}。\n丙{n}。\n— {n} —" for n in range(1, 5)]
    assert documents._without_margins(pages)[1] == "第2条 甲。\n乙2。\n丙2。"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_a_text_is_read_in_whatever_encoding_it_came(encoding):
    text = (
        TEXT if encoding != "big5" else "第一條 收到投訴後三十分鐘內回覆。\n第二條 每月舉辦一次培訓。\n" * 3
    )
    found = documents.read(text.encode(encoding))
    assert found.text.lstrip("\ufeff") == text
    kinds = [p.kind for p in propose(found.text).proposals]
    assert kinds[:2] == ["commitment", "cadence"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_text"),
        (b"  \n ", "no_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_word"),
        (b"{\\rtf1 x}", "rich_text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "unknown_file"),
        (b"PK\x03\x04 not a zip at all", "damaged"),
        (b"%PDF-1.7\nnothing of the kind", "damaged"),
    ],
)
def test_a_file_that_holds_no_regulation_is_refused_with_its_reason(data, code):
    with pytest.raises(Invalid) as refused:
        documents.read(data)
    assert refused.value.code == code
    assert str(refused.value)


def test_a_zip_that_is_no_word_file_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(Invalid) as refused:
        documents.read(file.getvalue())
    assert refused.value.code == "not_word"


def test_a_zip_bomb_is_not_unpacked():
    data = word_file("", extra={"word/styles.xml": b"<w>" + b" " * (docx.MAX_UNPACKED + 1)})
    assert len(data) < 200_000
    with pytest.raises(Invalid) as refused:
        documents.read(data)
    assert refused.value.code == "too_large"


def test_entities_of_a_word_file_are_not_expanded():
    bomb = f'<!DOCTYPE x [<!ENTITY a "{"x" * 50}"><!ENTITY b "{"&a;" * 50}">]><w:document xmlns:w="{WORD}">&b;</w:document>'
    with pytest.raises(Invalid) as refused:
        documents.read(word_file("", extra={"word/document.xml": bomb.encode()}))
    assert refused.value.code == "damaged"


def test_a_text_beyond_the_limits_is_refused():
    with pytest.raises(TooLarge):
        documents.read(("字" * (documents.MAX_CHARACTERS + 1)).encode())
    with pytest.raises(TooLarge):
        documents.read(b"x" * (documents.MAX_BYTES + 1))


def test_a_pdf_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(documents, "PDF_SECONDS", 0.01)
    with pytest.raises(Invalid) as refused:
        documents.read(PDF.read_bytes())
    assert refused.value.code == "damaged"
