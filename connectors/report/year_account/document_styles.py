"""The styles of the document: 仿宋 for text, 黑体 and 楷体 for headings, as official papers have them."""

from __future__ import annotations

from docx.document import Document as Paper
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle

_LATIN = "Times New Roman"
_BLACK = RGBColor(0, 0, 0)


def define_styles(paper: Paper) -> None:
    """Give the paper every style that the account uses; sizes in points (三号 is 16, 小四 12)."""
    _paragraph(paper, "Normal", "仿宋", 16)
    body = _paragraph(paper, "Body Text", "仿宋", 16)
    body.paragraph_format.first_line_indent = Pt(32)
    body.paragraph_format.line_spacing = Pt(29)
    body.paragraph_format.space_after = Pt(0)
    body.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    for name, font, size in (("Title", "黑体", 22), ("Union", "楷体", 16), ("Facts", "楷体", 10.5)):
        style = _paragraph(paper, name, font, size)
        style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
        style.paragraph_format.space_after = Pt(8)
    _without_border(_paragraph(paper, "Title", "黑体", 22))
    for name, font, size in (("Heading 1", "黑体", 16), ("Heading 2", "楷体", 16)):
        heading = _paragraph(paper, name, font, size)
        heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(12), Pt(4)
        heading.paragraph_format.keep_with_next = True
        heading.font.bold = False
    for name, font, size in (("Notice", "黑体", 12), ("Note", "仿宋", 11)):
        _paragraph(paper, name, font, size).paragraph_format.space_after = Pt(8)
    for name, font in (("Table Text", "宋体"), ("Table Head", "黑体")):
        small = _paragraph(paper, name, font, 8)
        small.paragraph_format.space_after = Pt(0)
        small.paragraph_format.line_spacing = 1.1
    citation = paper.styles.add_style("Citation", WD_STYLE_TYPE.CHARACTER)
    assert isinstance(citation, CharacterStyle)  # noqa: S101 - it was asked for as one
    citation.font.superscript, citation.font.size = True, Pt(14)
    citation.font.color.rgb = RGBColor(0x1F, 0x4F, 0x82)


def _paragraph(paper: Paper, name: str, font: str, size: float) -> ParagraphStyle:
    """The style of that name, made if the template has none, in a Chinese font of `size` points."""
    known = name in [style.name for style in paper.styles]
    style = paper.styles[name] if known else paper.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)  # noqa: S101 - none of these names is of another kind
    style.font.name, style.font.size, style.font.color.rgb = _LATIN, Pt(size), _BLACK
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # Word takes the font of Chinese letters from here; a theme's font would go before it.
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), font)
    # Without it a fallback font may draw punctuation as it stands in Taiwan or Japan.
    language = OxmlElement("w:lang")
    for name_of, value in (("val", "en-US"), ("eastAsia", "zh-CN")):
        language.set(qn(f"w:{name_of}"), value)
    for old in style.element.rPr.findall(qn("w:lang")):
        style.element.rPr.remove(old)
    style.element.rPr.append(language)
    return style


def _without_border(style: ParagraphStyle) -> None:
    """The template's title has a blue line below it."""
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)
