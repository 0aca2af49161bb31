"""The fetch tool against a real web server on this machine."""

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.tool_calls import called, failure, planned, surroundings

from demiurgic.errors import ToolFailed
from demiurgic.tools.fetch import FetchTool
from demiurgic.tools.protocol import Effect, EffectKind
from demiurgic.tools.webtext import readable

PAGE = """<!doctype html><html><head><title>T</title><style>p{}</style><script>alert(1)</script></head><body>
<nav><a href="/menu">Menu</a></nav><h1>Title</h1><p>One <b>bold</b>   word,
and a <a href="/next">link</a>.</p><ul><li>first<li>second</ul><pre>code   kept
  as is</pre><table><tr><th>a</th><td>b</td></tr></table>&lt;end&gt; &eacute;</body></html>"""


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        kinds = {"/page": "text/html; charset=utf-8", "/image": "image/png", "/none": None}
        if self.path == "/none":
            self.send_error(404)
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Type", kinds.get(self.path, "text/plain"))
            self.end_headers()
            self.write_body()

    def write_body(self):
        if self.path == "/host":
            self.wfile.write(self.headers["Host"].encode())
        elif self.path == "/page":
            self.wfile.write(PAGE.encode())
        elif self.path == "/endless":
            while True:
                self.wfile.write(b"line\n" * 10_000)
        else:
            self.wfile.write(b"".join(b"line %d\n" % n for n in range(1, 501)))

    def log_message(self, *_):
        pass

    def handle(self):
        with suppress(ConnectionError):  # the tool had enough
            super().handle()


@contextmanager
def serving():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def site():
    with serving() as address:
        yield address


FETCH = FetchTool(local=True)


def test_a_page_is_read_as_a_person_would(site, tmp_path):
    around = surroundings(tmp_path)
    assert planned(FETCH, around, url=f"{site}/page").effects == (Effect(EffectKind.FETCH, f"{site}/page"),)
    assert called(FETCH, around, url=f"{site}/page").text == (
        f"T\n\n# Title\n\nOne bold word, and a link ({site}/next).\n\n- first\n- second\n\n"
        "```\ncode   kept\n  as is\n```\n\n| a | b\n\n<end> \u00e9"
    )


def test_long_pages_are_cut_and_can_be_read_on(site, tmp_path):
    around = surroundings(tmp_path, 200)
    text = called(FETCH, around, url=f"{site}/text").text
    assert around.budget.count(text) <= 200
    last = int(text.split("\n")[-2].removeprefix("line "))
    assert text.endswith(f"[{500 - last} more lines; read on with offset={last + 1}]")
    assert called(FETCH, around, url=f"{site}/text", offset=last + 1).text.startswith(f"line {last + 1}\n")


def test_what_never_ends_is_cut(site, tmp_path):
    assert called(FETCH, surroundings(tmp_path, 100), url=f"{site}/endless").text.startswith("line\n")


def test_a_redirection_is_followed_on_the_same_host_only(site, tmp_path):
    around = surroundings(tmp_path)
    assert "# Title" in called(FETCH, around, url=f"{site}/to//page").text
    with serving() as other:
        message = failure(FETCH, around, url=f"{site}/to/{other}/page")
    assert message == f"the page has moved to {other}/page; fetch that, if it is what you want"


def test_what_cannot_be_read_is_said(site, tmp_path):
    around = surroundings(tmp_path)
    assert failure(FETCH, around, url=f"{site}/none") == f"{site}/none answers 404 Not Found"
    assert "image/png, which is no text" in failure(FETCH, around, url=f"{site}/image")
    assert "cannot be fetched" in failure(FETCH, around, url="http://127.0.0.1:1/")
    for url in ("file:///etc/passwd", "ftp://host/x", "page", "http://", "http://[::1", "http://host:99999/"):
        assert "not an address of the web" in failure(FETCH, around, url=url)
    assert "is no name of a host" in failure(FETCH, around, url=f"http://{'a' * 70}.example/")
    assert "cannot be fetched" in failure(FETCH, around, url=f"{site}/to/http://[::1")
    assert "password" in failure(FETCH, around, url="http://me:secret@host/")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "2130706433"]
)
def test_this_machine_and_its_network_are_out_of_reach(host, tmp_path):
    around = surroundings(tmp_path)
    with pytest.raises(ToolFailed, match="on this machine or its own network"):
        called(FetchTool(), around, url=f"http://{host}/latest/meta-data")


@pytest.mark.parametrize(
    "html", ["", "<", "</a></p>", "<a href=x>" * 3000, "<script>" * 50 + "x", "<pre>" * 100, "\0<p>\x1b"]
)
def test_no_page_is_too_broken(html):
    assert isinstance(readable(html, "http://host/"), str)


class ShiftyNames:
    """A resolver as somebody has it whose name leads to a harmless address first, and then into the network here."""

    def __init__(self):
        self.asked = []

    def __call__(self, name):
        self.asked.append(name)
        return ["127.0.0.2" if len(self.asked) > 1 else "127.0.0.1"]


def test_a_name_is_looked_up_once_and_kept_to(tmp_path):
    names = ShiftyNames()
    with serving() as url:
        port = url.rpartition(":")[2]
        fetch = FetchTool(local=True, resolver=names)
        said = called(fetch, surroundings(tmp_path), url=f"http://shifty.example:{port}/host").text
    assert names.asked == ["shifty.example"]
    assert said == f"shifty.example:{port}"


def test_a_name_that_leads_here_is_out_of_reach_even_if_it_leads_elsewhere_too(tmp_path):
    fetch = FetchTool(resolver=lambda name: ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(ToolFailed, match=r"two-faced\.example is on this machine"):
        called(fetch, surroundings(tmp_path), url="http://two-faced.example/")
