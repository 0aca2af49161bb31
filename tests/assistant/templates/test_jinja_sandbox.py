"""Templates come from strangers."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.errors import TemplateError
from demiurgic.messages import User
from demiurgic.templates.jinja import JinjaTemplate, render_jinja
from demiurgic.templates.protocol import Vocabulary

HOSTILE = [
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for a in range(10**12) %}{% endfor %}",
    "{{ 'x' * 10**10 }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__init__.__globals__ }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{{ raise_exception('no') }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ undefined.attribute.deeper }}",
    "{{ 1 / 0 }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{",
    "{% endfor %}",
    "{{ dict | groupby('x') }}",
    "{{ '%99999999999d' % 1 }}",
    "{{ 'x'.zfill(999999999999) }}",
    "{{ 'x'.center(99999999999) }}",
    "{{ '{:>99999999999}'.format(1) }}",
    "{{ 'x'.__mul__(10 ** 10) }}",
]


GROWING = [
    "ns.a ~ ns.a",
    "ns.a + ns.a",
    "ns.a | replace('x', ns.a)",
    "[ns.a, ns.a, ns.a] | join",
    "''.join([ns.a, ns.a])",
    "ns.a.replace('x', ns.a)",
    "ns.a * 20000",
]
AGAIN = (
    "{%% set ns = namespace(a='x' * 1000) %%}{%% for i in range(40) %%}{%% set ns.a = %s %%}{%% endfor %%}{{ ns.a }}"
)
HOSTILE += [AGAIN % growing for growing in GROWING]


@pytest.mark.parametrize("template", HOSTILE)
def test_hostile_templates_end_soon_and_by_name(template: str):
    start = time.perf_counter()
    with pytest.raises(TemplateError):
        render_jinja(template, {"messages": [{"role": "user", "content": "x"}]})
    assert time.perf_counter() - start < 5


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_random_bytes_as_template_are_rendered_or_refused(data: bytes):
    try:
        render_jinja(data.decode("latin-1"), {"messages": []})
    except TemplateError:
        return


def test_a_template_that_drops_messages_is_refused():
    template = JinjaTemplate(Vocabulary({}), "{{ messages[0].content }}", ("</s>",), None)
    with pytest.raises(TemplateError, match="drops"):
        template.render([User("one"), User("two")])
