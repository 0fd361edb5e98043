"""A text with tables and pictures that is written as Markdown and as HTML."""

import base64
import html
import re
from dataclasses import dataclass, field
from urllib.parse import quote

# Inside a word an underscore is only an underscore.
_MARKDOWN = re.compile(r"([\\`*{}\[\]<>#|~$&]|(?<!\w)_|_(?!\w))")
# What begins a list at the start of a line, and only there: "- " or "1. ".
_LIST_START = re.compile(r"^(\d*)([-+=.)])")
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""
_STYLE = """\
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.2rem; border-bottom: 1px solid #ccc; padding-bottom: 0.2rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid #ddd; text-align: left; }
th { border-bottom: 2px solid #888; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.2rem 0; }
img { max-width: 100%; height: auto; }
figcaption { font-size: 0.92rem; color: #444; }
@media (min-width: 40rem) { td:first-child { white-space: nowrap; } }
@media (max-width: 40rem) { figure { overflow-x: auto; } img { max-width: 40rem; } }
"""


@dataclass
class Document:
    """Blocks in the order in which they were added; all their text is plain."""

    title: str
    blocks: list = field(default_factory=list)

    def heading(self, text):
        self.blocks.append(_Heading(text))

    def paragraph(self, text):
        self.blocks.append(_Paragraph(text))

    def bullets(self, items):
        self.blocks.append(_Bullets(list(items)))

    def table(self, frame):
        """A DataFrame without its index; numbers stand on the right."""
        self.blocks.append(_Table(frame))

    def picture(self, name, png, caption):
        """A PNG file's content; it is no part of the Markdown, which names it."""
        self.blocks.append(_Picture(name, png, caption))

    def pictures(self):
        """Content of the PNG files by name."""
        blocks = (block for block in self.blocks if isinstance(block, _Picture))
        return {block.name: block.png for block in blocks}

    def markdown(self, prefix=""):
        """GitHub's Markdown, beside picture files whose names begin with `prefix`."""
        blocks = [f"# {_escaped(self.title)}"]
        blocks += [block.markdown(prefix) for block in self.blocks]
        return "\n\n".join(blocks) + "\n"

    def html(self):
        """One page that needs no other file."""
        title = html.escape(self.title)
        body = [f"<h1>{title}</h1>", *(block.html() for block in self.blocks)]
        return _PAGE.format(title=title, style=_STYLE, body="\n".join(body))


@dataclass
class _Heading:
    text: str

    def markdown(self, prefix):
        return f"## {_escaped(self.text)}"

    def html(self):
        return f"<h2>{html.escape(self.text)}</h2>"


@dataclass
class _Paragraph:
    text: str

    def markdown(self, prefix):
        return _line(self.text)

    def html(self):
        return f"<p>{html.escape(self.text)}</p>"


@dataclass
class _Bullets:
    items: list

    def markdown(self, prefix):
        return "\n".join(f"- {_line(item)}" for item in self.items)

    def html(self):
        items = "\n".join(f"<li>{html.escape(item)}</li>" for item in self.items)
        return f"<ul>\n{items}\n</ul>"


@dataclass
class _Table:
    frame: object

    def markdown(self, prefix):
        rules = ["---:" if number else "---" for number in self._numbers()]
        rows = [list(map(str, self.frame.columns)), *self._rows()]
        lines = ["| " + " | ".join(map(_escaped, row)) + " |" for row in rows]
        lines.insert(1, "|" + "|".join(rules) + "|")
        return "\n".join(lines)

    def html(self):
        kinds = [' class="number"' if number else "" for number in self._numbers()]

        def row(tag, values):
            pairs = zip(kinds, values, strict=True)
            cells = (f"<{tag}{k}>{html.escape(v)}</{tag}>" for k, v in pairs)
            return f"<tr>{''.join(cells)}</tr>"

        head = row("th", map(str, self.frame.columns))
        body = "\n".join(row("td", values) for values in self._rows())
        return (
            f'<div class="table"><table>\n<thead>{head}</thead>\n'
            f"<tbody>\n{body}\n</tbody>\n</table></div>"
        )

    def _numbers(self):
        return [dtype.kind in "iuf" for dtype in self.frame.dtypes]

    def _rows(self):
        for row in self.frame.itertuples(index=False):
            yield [_shown(value) for value in row]


@dataclass
class _Picture:
    name: str
    png: bytes
    caption: str

    def markdown(self, prefix):
        file = quote(f"{prefix}{self.name}.png")
        return f"![{_escaped(self.caption)}]({file})\n\n{_line(self.caption)}"

    def html(self):
        data = base64.b64encode(self.png).decode()
        caption = html.escape(self.caption)
        return (
            f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">\n'
            f"<figcaption>{caption}</figcaption></figure>"
        )


def _escaped(text):
    """Text that Markdown shows as it is, inside a line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _line(text):
    """`_escaped` at the start of a line."""
    return _LIST_START.sub(r"\1\\\2", _escaped(text))


def _shown(value):
    if isinstance(value, float):
        return "-" if value != value else f"{value:.3f}"
    return str(value)
