"""Hostile clients at a real server: what they send by hand, and what they do not get."""

import json
import socket
import threading
import time

import pytest
from support.raw_http import Line, ask, chat, request
from support.serving import limited, served

KEY = "Bearer first-key"
UTF8_KEY = "schlüssel"
CHAT = "/v1/chat/completions"
PAGES = "https://pages.example"


@pytest.fixture(scope="module")
def locked(tmp_path_factory, tiny_glm4):
    """A server with keys from everywhere, and one web page that may call it."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "keys").write_text(f"file-key-1\n\n  {UTF8_KEY}  \n", "utf-8")
    flags = ["--api-key", "first-key", "--api-key", "second-key", "--api-key-file", folder / "keys"]
    flags += ["--cors", PAGES, "--allow-host", "Box.Example", "--ctx", 512, "--parallel", 2]
    with served(folder, tiny_glm4, *flags, DEMIURGIC_SERVE_KEYS="env-key-1 env-key-2") as server:
        yield server


@pytest.fixture(scope="module")
def open_server(tmp_path_factory, tiny_glm4):
    with served(tmp_path_factory.mktemp("open"), tiny_glm4, "--ctx", 512, "--parallel", 2) as server:
        yield server


@pytest.fixture(autouse=True)
def still_serves(request):
    """Whatever was done to it, it goes on, and nothing went wrong in it."""
    yield
    for name in {"locked", "open_server"} & set(request.fixturenames):
        server = request.getfixturevalue(name)
        assert ask(server.port, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200
        assert "Traceback" not in server.log.read_text()


# Keys


@pytest.mark.parametrize("key", ["first-key", "second-key", "file-key-1", "env-key-1", "env-key-2"])
def test_every_key_is_let_in_by_both_headers(locked, key):
    assert ask(locked.port, request(authorization=f"Bearer {key}")).status == 200
    assert ask(locked.port, request(authorization=f"bEARER   {key}")).status == 200
    assert ask(locked.port, request(x_api_key=key)).status == 200
    assert ask(locked.port, request(x_api_key=key, authorization="Bearer another-tool-sends-this")).status == 200


def test_a_key_may_hold_any_letter(locked):
    assert ask(locked.port, request(authorization=f"Bearer {UTF8_KEY}")).status == 200
    assert ask(locked.port, request(authorization="Bearer schlussel")).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer first-ke"},
        {"authorization": "Bearer first-key1"},
        {"authorization": "Bearer FIRST-KEY"},
        {"authorization": "Bearer first-key second-key"},
        {"authorization": "Basic first-key"},
        {"authorization": "first-key"},
        {"authorization": "Bearer " + "k" * 30000},
        {"authorization": "Bearer \u00e9\u4e2d"},
        {"x_api_key": ""},
        {"x_api_key": "wrong"},
        {"x_api_key": "Bearer first-key"},
        {"cookie": "api_key=first-key"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", CHAT, "/metrics", "/openapi.json", "/nowhere", "/v1/messages"])
def test_without_a_right_key_there_is_nothing(locked, headers, path):
    answer = ask(locked.port, request(path=path, **headers))
    assert answer.status == 401
    assert answer.header("www-authenticate") == "Bearer"
    assert answer.error["type"] == "authentication_error"
    assert b"key" in answer.body
    assert b"-key" not in answer.body


def test_a_query_is_no_place_for_a_key(locked):
    assert ask(locked.port, request(path="/v1/models?api_key=first-key")).status == 401


def test_only_health_and_readiness_need_no_key(locked):
    assert ask(locked.port, request(path="/health")).status == 200
    assert ask(locked.port, request(path="/ready")).status == 200


def test_who_is_refused_is_refused_before_the_body_is_awaited(locked):
    with Line(locked.port) as line:
        line.send(request("POST", CHAT, content_length="5000000", expect="100-continue"))
        assert line.read().status == 401  # and not 100


# Hosts and origins


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8471",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "[::1].evil.example",
        "localhost@evil.example",
        "127.0.0.1:80@evil.example",
        *("", "[", "]", "[]", ":80", "local host"),
    ],
)
def test_a_foreign_name_is_not_answered(open_server, host):
    answer = ask(open_server.port, request(host=host))
    assert answer.status == 421
    assert "--allow-host" in answer.error["message"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost.", "localhost:1234", "127.0.0.1", "[::1]:8471", "192.168.1.7:8471", "Box.Example:1"],
)
def test_its_own_names_and_addresses_are_answered(locked, host):
    assert ask(locked.port, request(host=host, authorization=KEY)).status == 200


def test_two_hosts_are_none(open_server):
    raw = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert ask(open_server.port, raw).status == 400
    assert ask(open_server.port, b"GET /v1/models HTTP/1.1\r\n\r\n").status == 400


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://localhost", "http://[", "file://", "https://pages.example"]
)
def test_pages_of_others_are_refused_where_no_page_is_allowed(open_server, origin):
    answer = ask(open_server.port, request(origin=origin))
    assert answer.status == 403
    assert answer.header("access-control-allow-origin") is None
    preflight = request("OPTIONS", CHAT, origin=origin, access_control_request_method="POST")
    answer = ask(open_server.port, preflight)
    assert answer.status == 403
    assert "access-control-allow" not in answer.head.lower()


def test_a_page_of_the_server_itself_may_call_it(open_server):
    own = f"127.0.0.1:{open_server.port}"
    assert ask(open_server.port, request(origin=f"http://{own}", host=own)).status == 200


def test_an_allowed_page_is_told_so_and_never_with_credentials(locked):
    preflight = request(
        "OPTIONS",
        CHAT,
        origin=PAGES,
        access_control_request_method="POST",
        access_control_request_headers="authorization,content-type,x-stainless-os",
        access_control_request_private_network="true",
    )
    answer = ask(locked.port, preflight)
    assert answer.status == 200
    assert answer.header("access-control-allow-origin") == PAGES
    assert "POST" in answer.header("access-control-allow-methods")
    assert "authorization" in answer.header("access-control-allow-headers").lower()
    assert answer.header("access-control-allow-private-network") == "true"
    for key, status in ((KEY, 200), ("Bearer wrong", 401)):  # a page may read why it was refused
        answer = ask(locked.port, request(origin=PAGES, authorization=key))
        assert answer.status == status
        assert answer.header("access-control-allow-origin") == PAGES
        assert "Origin" in answer.header("vary")
        assert answer.header("access-control-allow-credentials") is None


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://pages.example", "https://pages.example:8443", "https://pages.example.evil"],
)
def test_other_pages_are_refused_although_one_is_allowed(locked, origin):
    assert ask(locked.port, request(origin=origin, authorization=KEY)).status == 403
    preflight = request("OPTIONS", CHAT, origin=origin, access_control_request_method="POST")
    answer = ask(locked.port, preflight)
    assert answer.status == 400
    assert answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""])
def test_what_a_page_may_send_unasked_is_no_json(open_server, kind):
    answer = ask(open_server.port, request("POST", CHAT, chat(), content_type=kind))
    assert answer.status == 415
    assert ask(open_server.port, request("POST", CHAT, chat(), drop=["content-type"])).status == 415


def test_json_may_name_its_letters(open_server):
    raw = request("POST", CHAT, chat(), content_type="Application/JSON; charset=utf-8")
    assert ask(open_server.port, raw).status == 200


# What is no HTTP, or two things at once


def sneaked(body: bytes) -> bytes:
    """Behind a body of which a proxy might think otherwise."""
    return body + b"GET /v1/models/sneaked HTTP/1.1\r\nHost: localhost\r\n\r\n"


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + sneaked(b"0\r\n\r\n"),
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + sneaked(b"0\r\n\r\n"),
        HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n" + sneaked(b"null"),
        HEAD + b"Content-Length: 4, 5\r\n\r\n" + sneaked(b"null"),
        HEAD + b"Content-Length: +4\r\n\r\n" + sneaked(b"null"),
        HEAD + b"Content-Length: -4\r\n\r\n" + sneaked(b"null"),
        HEAD + b"Content-Length: 0x4\r\n\r\n" + sneaked(b"null"),
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n" + sneaked(b"null"),
        HEAD + b"Content-Length : 4\r\n\r\n" + sneaked(b"null"),
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + sneaked(b"0\r\n\r\n"),
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + sneaked(b"0\r\n\r\n"),
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + sneaked(b"0\r\n\r\n"),
        HEAD + b"Transfer-Encoding\x0b: chunked\r\n\r\n" + sneaked(b"0\r\n\r\n"),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + sneaked(b"zz\r\n"),
        HEAD + b"X-One: a\rContent-Length: 4\r\n\r\n" + sneaked(b"null"),
        HEAD + b"X-\x00One: a\r\n\r\n",
        HEAD + b"X One: a\r\n\r\n",
        HEAD + b": a\r\n\r\n",
        b"GET /v1/models\r\nHost: localhost\r\n\r\n",
        b"GET  /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v1/mo dels HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v1/models HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"G\xc3\xa9T /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v1/m\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,  # TLS where there is none
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n" * 40000,
        b"\x00" * 100000,
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_and_the_line_closed(open_server, raw):
    with Line(open_server.port) as line:
        line.send(raw)
        assert line.read().status in (0, 400)
        assert line.closed(2)
    assert "sneaked" not in open_server.log.read_text()


def test_equal_lengths_are_one_length(open_server):
    raw = HEAD + b"Content-Length: 4\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnull"
    assert ask(open_server.port, raw).status == 400  # null is no chat


def test_a_bare_line_feed_ends_a_line_for_everybody(open_server):
    raw = b"GET /v1/models HTTP/1.1\nHost: localhost\nX-One: a\nOrigin: https://evil.example\n\n"
    assert ask(open_server.port, raw).status == 403  # the header behind it was read as one


def test_a_folded_header_is_one_header(open_server):
    folded = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-One: a\r\n Origin: https://evil.example\r\n\r\n"
    assert ask(open_server.port, folded).status == 200  # all that is X-One's
    host = b"GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n localhost\r\n\r\n"
    assert ask(open_server.port, host).status == 421


@pytest.mark.parametrize("name", ["a%0d%0aSet-Cookie:%20x=y", "a%0d%0a%0d%0aHTTP/1.1%20200%20OK", "%00", "%ff%fe"])
def test_nothing_of_a_request_becomes_a_header_of_the_answer(open_server, name):
    answer = ask(open_server.port, request(path=f"/v1/models/{name}"))
    assert answer.status == 404
    assert answer.header("set-cookie") is None
    assert len(answer.head.split("\r\n")) <= 4
    json.loads(answer.body)


@pytest.mark.parametrize(
    "path",
    [
        "/../etc/passwd",
        "/v1/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/v1/models/../../x",
        "http://evil.example/v1/models",
        *("//health/", "/health/", "/health;x", "/health%00", "/HEALTH", "*", "/\\..\\x"),
    ],
)
def test_no_path_leads_elsewhere(open_server, locked, path):
    answer = ask(open_server.port, request(path=path))
    assert answer.status == 404
    assert b"root:" not in answer.body
    assert ask(locked.port, request(path=path)).status == 401


def test_a_method_that_is_not_served_is_named_so(open_server):
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "BREW", "CONNECT"):
        assert ask(open_server.port, request(method, CHAT)).status == 405, method
    assert ask(open_server.port, request("HEAD", "/v1/models", connection="close")).status in (200, 405)


def test_huge_and_many_headers_are_refused(open_server):
    assert ask(open_server.port, request(x_one="a" * 200_000)).status in (0, 400)
    many = {f"x_{number}": "a" * 20 for number in range(20_000)}
    assert ask(open_server.port, request(**many)).status in (0, 400)
    assert ask(open_server.port, request(path="/" + "a" * 200_000)).status in (0, 400)
    assert ask(open_server.port, request(x_one="a" * 20_000)).status == 200


def test_old_http_is_answered_and_the_line_closed(open_server):
    with Line(open_server.port) as line:
        line.send(b"GET /v1/models HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert line.read().status == 200
        assert line.closed(2)
    assert ask(open_server.port, b"GET /v1/models HTTP/1.0\r\n\r\n").status == 421
    raw = request("POST", CHAT, chat(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0")
    answer = ask(open_server.port, raw)
    assert answer.body.endswith(b"data: [DONE]\n\n")


def test_requests_that_are_sent_together_are_answered_in_order(open_server):
    with Line(open_server.port) as line:
        line.send(
            request(path="/health"), request("POST", CHAT, chat()), request(path="/nowhere"), request(path="/ready")
        )
        assert [line.read().status for _ in range(4)] == [200, 200, 404, 200]


def test_an_upgrade_is_not_taken_up(open_server):
    answer = ask(open_server.port, request(connection="Upgrade", upgrade="websocket", sec_websocket_key="x"))
    assert answer.status == 200
    assert ask(open_server.port, request(connection="Upgrade, HTTP2-Settings", upgrade="h2c")).status == 200


# Bodies


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", None),
        (b"{", "no JSON"),
        (b'{"messages": ', "no JSON"),
        (b"\xff\xfe{}", "UTF-8"),
        (b'{"messages": "\xc3\x28"}', "UTF-8"),
        ("\ufeff{}".encode(), "no JSON"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"\x1f\x8b\x08\x00gzip", "UTF-8"),
        (chat(temperature=float("nan")), "number"),
        (chat(temperature=float("-inf")), "number"),
        (chat().replace(b"4", b"1e999"), "number"),
        (chat().replace(b"4", b"9" * 5000), "number"),
        (chat().replace(b"hello", rb"\ud800"), "surrogate"),
        (chat("", tools=[{"a": "b"}]).replace(b'"b"', rb'{"\udfff": 1}'), "surrogate"),
        (b"[" * 100_000, "levels"),
        (b"[" * 3000 + b"]" * 3000, "levels"),
        (f'{{"messages": [{deep(101)}]}}'.encode(), "levels"),
        (b"null", None),
        (b"[]", None),
        (b'"text"', None),
        (b"{}", "messages"),
    ],
)
def test_what_is_no_sound_json_is_the_clients_fault(open_server, body, says):
    answer = ask(open_server.port, request("POST", CHAT, body))
    assert answer.status == 400
    assert answer.error["type"] == "invalid_request_error"
    assert says is None or says in answer.error["message"]


@pytest.mark.parametrize("levels", [5, 40, 90])
def test_deep_schemas_break_nothing(open_server, levels):
    schema = json.loads('{"type":"object","required":["a"],"properties":{"a":' * levels + "{}" + "}}" * levels)
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    for wishes in (
        {"tools": [tool], "tool_choice": "required"},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}},
    ):
        answer = ask(open_server.port, request("POST", CHAT, chat(**wishes)))
        assert answer.status in (200, 400), answer.body


def test_letters_in_pairs_are_letters(open_server):
    assert ask(open_server.port, request("POST", CHAT, chat("\N{GRINNING FACE}"))).status == 200


def test_a_body_over_the_limit_is_refused_however_it_comes(open_server):
    declared = request("POST", CHAT, b"{", content_length=str(9 * 2**20))
    assert ask(open_server.port, declared).status == 413
    chunks = b"10000\r\n" + b" " * 65536 + b"\r\n"
    chunked = request("POST", CHAT, transfer_encoding="chunked", drop=["content-length"]) + chunks * 160 + b"0\r\n\r\n"
    assert ask(open_server.port, chunked).status == 413
    fits = request("POST", CHAT, b" " * (7 * 2**20) + chat())
    assert ask(open_server.port, fits).status == 200


def test_a_chunked_body_is_a_body(open_server):
    body = chat()
    chunks = b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in body)
    raw = request("POST", CHAT, transfer_encoding="chunked", drop=["content-length"]) + chunks + b"0\r\nX: y\r\n\r\n"
    assert ask(open_server.port, raw).status == 200


def test_garbage_behind_an_answer_that_was_given_ends_the_line(locked):
    with Line(locked.port) as line:
        line.send(request("POST", CHAT, transfer_encoding="chunked", drop=["content-length"]))
        assert line.read().status == 401
        line.send(b"this is no chunk\r\n\r\n")
        assert line.closed(2)


# Slowness


@pytest.fixture(scope="module")
def hasty(tmp_path_factory, tiny_glm4):
    """A server without patience."""
    waits = {"header_seconds": 1.0, "body_seconds": 1.5, "stalled_seconds": 1.0, "parallel": 2}
    with limited(tmp_path_factory.mktemp("hasty"), tiny_glm4, **waits) as server:
        yield server


def trickle(line, raw, stop):
    """Send it letter by letter until that fails."""
    try:
        for byte in raw:
            line.send(bytes([byte]))
            if stop.wait(0.1):
                return
    except OSError:
        return


@pytest.mark.parametrize(
    ("first", "slow", "status"),
    [
        (b"", b"", 0),
        (b"", request(x_one="a" * 200), 0),
        (request(path="/health"), request(x_one="a" * 200), 200),  # the second request of a connection
        (request("POST", CHAT, content_length="300"), b" " * 300, 408),
        (request("POST", CHAT, transfer_encoding="chunked", drop=["content-length"]), b"1\r\n \r\n" * 50, 408),
        (request("POST", CHAT, content_length="99999999"), b" " * 300, 413),
    ],
)
def test_who_sends_slowly_is_cut_off_and_holds_up_nobody(hasty, first, slow, status):
    stop = threading.Event()
    with Line(hasty.port) as line:
        line.send(first)
        began = time.monotonic()
        sender = threading.Thread(target=trickle, args=(line, slow, stop))
        sender.start()
        assert ask(hasty.port, request("POST", CHAT, chat())).status == 200
        if first and status:
            assert line.read().status == status
        assert line.closed(5)
        assert time.monotonic() - began < 5
        stop.set()
        sender.join()


def test_a_client_that_reads_nothing_loses_its_place(hasty):
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", hasty.port))
        wishes = chat("x", stream=True, max_tokens=900, n=20, logprobs=True, top_logprobs=20, temperature=1.0)
        deaf.sendall(request("POST", CHAT, wishes))
        end = time.monotonic() + 60
        while hasty.figure("running") == 0:
            assert time.monotonic() < end
        while hasty.figure("running") > 0:
            assert time.monotonic() < end
            time.sleep(0.1)
