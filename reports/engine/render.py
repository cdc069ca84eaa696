"""A parsed page and its results become HTML.

The order decides what is safe: Jinja renders the text, and every `{{ }}` result becomes an opaque token;
Markdown renders the text with raw HTML off; then the tokens become the components' HTML. So data can never
turn into Markdown or HTML, and no Markdown parser sees a component's HTML.
"""

from __future__ import annotations

import functools
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any, Protocol

import jinja2
from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from reports.engine.markup import alternatives, page_ids
from reports.engine.parse import MARKDOWN, Source
from reports.engine.queries import PageError
from reports.engine.templates import Macros
from reports.engine.templates import environment as templates

_tags = Macros(templates(Path(__file__).parent, {}), "tags.html")

# characters of the private use area; a data text that holds them is inside a slot, where nobody looks for
# tokens
OPEN, CLOSE = "\ue000", "\ue001"
TOKEN = re.compile(f"{OPEN}(\\d+){CLOSE}")
_LONE_TOKENS = re.compile(f"<p>((?:\\s*{OPEN}\\d+{CLOSE})+)\\s*</p>")


class _Slots(list[str]):
    """The finished HTML behind the tokens of one page. `sections`: the headings that have an id (front
    matter, `sections`)."""

    def __init__(self, sections: Mapping[str, str]) -> None:
        super().__init__()
        self.sections = {title: section for section, title in sections.items()}

    def put(self, html: str) -> Markup:
        self.append(html)
        return Markup(f"{OPEN}{len(self) - 1}{CLOSE}")


class Choices(Protocol):
    """What `{% filtered by %}` needs of `by`."""

    @property
    def views(self) -> Sequence[Any]:
        """Every choice."""

    def region(self, versions: Sequence[str]) -> str:
        """The HTML of a part that follows the choice. `versions`: its HTML for each of the views."""


class _BlockTags(Extension):
    """`{% grid 3 %}..{% endgrid %}`, `{% tabs %}{% tab "x" %}..{% endtab %}{% endtabs %}`, `{% note %}..{%
    endnote %}`, `{% filtered by %}..{% endfiltered %}`: its body sees `view`, what is chosen of the filters
    `by`; rendered once for each choice.
    """

    tags = {"grid", "tabs", "tab", "note", "filtered"}

    def parse(self, parser: Parser) -> nodes.Node:
        token = next(parser.stream)
        arguments: list[nodes.Expr] = []
        while parser.stream.current.type != "block_end":
            arguments.append(parser.parse_expression())
            parser.stream.skip_if("comma")
        body = parser.parse_statements((f"name:end{token.value}",), drop_needle=True)
        if token.value == "filtered":
            call = self.call_method("_versions", [nodes.ContextReference(), *arguments])
            return nodes.CallBlock(call, [nodes.Name("view", "param")], [], body).set_lineno(token.lineno)
        call = self.call_method("_wrap", [nodes.ContextReference(), nodes.Const(token.value), *arguments])
        return nodes.CallBlock(call, [], [], body).set_lineno(token.lineno)

    @staticmethod
    def _versions(context: Context, by: Choices, *, caller: Callable[[Any], str]) -> Markup:
        slots: _Slots = context["__slots__"]

        def version(view: Any) -> str:
            html = _markdown(str(caller(view)), slots)
            del slots[start:]  # it is in `html` by now; hundreds of versions would fill the memory
            return html

        start = len(slots)
        return (
            Markup("\n\n")
            + slots.put(by.region(alternatives(partial(version, view) for view in by.views)))
            + Markup("\n\n")
        )

    @staticmethod
    def _wrap(context: Context, tag: str, *arguments: object, caller: Callable[[], str]) -> Markup:
        slots: _Slots = context["__slots__"]
        html = getattr(_tags, tag)(Markup(_markdown(str(caller()), slots)), *arguments)
        return Markup("\n\n") + slots.put(html) + Markup("\n\n")


def _markdown(text: str, slots: _Slots) -> str:
    tokens = MARKDOWN.parse(text)
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open" and (section := slots.sections.get(inline.content)):
            heading.attrSet("id", section)
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    html = _LONE_TOKENS.sub(r"\1", html)  # components need no paragraph around them
    return TOKEN.sub(lambda match: slots[int(match[1])], html)


@pass_context  # without a context Jinja would fold constants when it compiles, before there are slots
def _finalize(context: Context, value: object) -> Markup:
    slots: _Slots = context["__slots__"]
    return slots.put(str(escape(value)))  # escape() leaves Markup, which only components make, as it is


def environment(names: Mapping[str, Any]) -> SandboxedEnvironment:
    """Jinja for pages: sandboxed, unknown names are errors. `names`: what every page may use."""
    env = SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_finalize,
        extensions=[_BlockTags],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals = dict(names)
    return env


@functools.cache
def _compiled(body: str) -> CodeType:
    """A page's code. It serves every environment: a template looks names up when it is rendered."""
    return environment({}).compile(body)


def compile_page(source: Source, env: SandboxedEnvironment) -> jinja2.Template:
    """The page's template.

    Raises:
        PageError: a tag or an expression is wrong; names the page's line.
    """
    with _syntax_errors(source):
        return env.template_class.from_code(env, _compiled(source.body), env.make_globals(None))


def tree_of(source: Source, env: SandboxedEnvironment) -> tuple[nodes.Template, set[str]]:
    """The page's syntax tree, and the names that it takes from outside.

    Raises:
        PageError: see `compile_page`.
    """
    with _syntax_errors(source):
        tree = env.parse(source.body)
        return tree, find_undeclared_variables(tree)


@contextmanager
def _syntax_errors(source: Source) -> Iterator[None]:
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise PageError(f"line {error.lineno + source.offset}: {error.message}") from None


def render(source: Source, template: jinja2.Template, values: Mapping[str, Any]) -> str:
    """Return the page's body as HTML. `values`: results of blocks, and everything else that the page may use.

    Raises:
        PageError: a component or an expression fails; names the page's line.
    """
    slots = _Slots(source.meta.get("sections", {}))
    with page_ids():
        try:
            return _markdown(template.render({"page": source.meta, **values, "__slots__": slots}), slots)
        except Exception as error:
            # Jinja puts the template's own lines into the traceback
            lines = [
                frame.lineno
                for frame in traceback.extract_tb(error.__traceback__)
                if frame.filename == "<template>" and frame.lineno
            ]
            place = f"line {lines[-1] + source.offset}: " if lines else ""
            raise PageError(
                f"{place}{error if isinstance(error, PageError) else f'{type(error).__name__}: {error}'}"
            ) from error
