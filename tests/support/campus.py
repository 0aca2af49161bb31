"""The web site of a college, in Chinese, with all that makes crawlers stumble. 31 of its pages say something."""

import gzip

from support.local_site import HTML, LocalSite, Reply, moved

OTHER = "http://elsewhere.example/"
BIG = 10 << 20
ROBOTS = """# The college's rules
User-agent: otherbot
Disallow: /

User-agent: *
Disallow: /private/
Disallow: /*.cgi$
Allow: /private/open.html
"""
NEWS = 12


def page(title: str, *paragraphs: str, links: str = "", head: str = "", charset: str = "utf-8") -> bytes:
    """A page as the college writes them: the same frame around few words."""
    body = "".join(f"<p>　　{paragraph}</p>" for paragraph in paragraphs)
    html = f"""<!doctype html><html lang="zh"><head><title>{title}</title>{head}</head><body>
<div class="header"><a href="/">首页</a><ul class="nav"><li><a href="/about.html">学院概况</a></li>
<li><a href="/news/1.html">新闻</a></li><li><a href="{OTHER}">大学</a></li></ul></div>
<div id="cookie-banner">本网站使用Cookie来改善您的体验。<button>接受全部</button></div>
<div class="content"><h1>{title}</h1>{body}{links}</div>
<div class="footer">版权所有 © 2024 某某大学计算机学院 京ICP备12345678号</div></body></html>"""
    return html.encode(charset, "xmlcharrefreplace")


def html(title: str, *paragraphs: str, links: str = "", head: str = "") -> Reply:
    return Reply(page(title, *paragraphs, links=links, head=head))


def link(*targets: str) -> str:
    return "".join(f'<a href="{target}">{number}</a> ' for number, target in enumerate(targets))


def _news(number: int) -> Reply:
    before, after = (number - 2) % NEWS + 1, number % NEWS + 1
    return html(
        f"新闻第{number}号",
        f"二〇二四年{number}月，学院举行了第{number}次学术报告会，共有{number * 17}名师生参加。",
        f"报告会的主题是第{number}类编译技术，由王教授主持，在主楼{number}层会议室举行。",
        links=f'<div><a href="{before}.html">上一篇</a> <a href="/news/{after}.html">下一篇</a></div>',
        head=f'<meta name="pubdate" content="2024-{number:02}-08">',
    )


def _charsets() -> dict[str, Reply]:
    gb = '<meta charset="gb2312">'
    texts = {
        "right": "图书馆周一至周五早上八点开门，晚上十点关门，节假日另行通知。",
        "lie": "食堂在校园东侧，早餐六点半开始供应，学生凭校园卡就餐。",
        "utf8": "宿舍楼共有十二栋，每间住四名学生，配有独立卫生间和空调。",
        "none": "体育馆每天下午四点对学生免费开放，请携带学生证入场锻炼身体。",
        "big5": "圖書館藏書一百二十萬冊，每週一至週五開放，歡迎讀者借閱，請攜帶證件。",
    }
    return {
        "/charset/right.html": Reply(page("图书馆", texts["right"], charset="gb18030"), "text/html; charset=GBK"),
        "/charset/lie.html": Reply(page("食堂", texts["lie"], head=gb, charset="gb18030"), HTML),
        "/charset/utf8.html": Reply(page("宿舍", texts["utf8"]), "text/html; charset=ISO-8859-1"),
        "/charset/none.html": Reply(page("体育馆", texts["none"], charset="gb18030"), "text/html"),
        "/charset/big5.html": Reply(page("圖書館", texts["big5"], charset="big5"), "text/html; charset=big5"),
    }


def _breaks_twice(number: int) -> Reply:
    whole = html("断线页", "这个页面的连接会断开两次，第三次才能读完全部内容，所以爬虫要有耐心。")
    return Reply(whole.body, dropped=True) if number < 3 else whole


def _busy_once(number: int) -> Reply:
    if number == 1:
        return Reply(status=503, headers={"Retry-After": "1"})
    return html("繁忙页", "服务器繁忙时会请访问者稍后再来，一秒钟之后这个页面就可以读到了。")


def campus() -> LocalSite:
    """The site, not yet serving."""
    about = (
        "计算机学院成立于1985年，现有教师120人，其中教授35人，设有三个系。",
        "学院办公室电话：010-12345678，在主楼三层。",
    )
    site = LocalSite({})
    same = f"HTTP://127.0.0.1:{site.url.rpartition(':')[2]}/about.html"
    odd = ("/redirect/off", "/redirect/inward", "/redirect/in", "/redirect/a", "/redirect/0", "/missing", "/gone")
    files = ("/big.html", "/file.pdf", "/picture.html", "/plain.txt", "/packed.html")
    rules = ("/private/secret.html", "/private/open.html", "/search.cgi", "/noindex.html", "/nofollow.html")
    faults = ("/slow.html", "/dropped.html", "/busy.html", "/broken.html", "/empty.html", "/copy.html")
    ways = ("/loop/a", "/frames.html", "/refresh.html", "/based.html", "/deep/1", "/%E6%8B%9B%E7%94%9F.html")
    twice = ("about.html", "./about.html#top", "/x/../about.html", same, "mailto:a@b.example", "javascript:void(0)")
    news = tuple(f"/news/{number}.html" for number in range(1, NEWS + 1))
    charsets = _charsets()
    site.pages = {
        "/robots.txt": Reply(ROBOTS.encode(), "text/plain"),
        "/": html(
            "计算机学院",
            "欢迎访问计算机学院网站，这里有学院的新闻、招生信息和各种服务的说明，请点击下面的链接。",
            links=link(*twice, *news, *charsets, *odd, *files, *rules, *faults, *ways),
        ),
        "/about.html": html("学院概况", *about, head='<meta name="pubdate" content="2024-09-08">'),
        "/copy.html": html("学院概况", *about),
        **{path: _news(number) for number, path in enumerate(news, 1)},
        **charsets,
        "/redirect/off": moved(OTHER),
        "/redirect/inward": moved("http://169.254.169.254/latest/meta-data"),
        "/redirect/in": moved("/moved.html"),
        "/moved.html": html("新地址", "这个页面已经搬到了新的地址，旧的地址会自动转到这里来，内容没有改变。"),
        "/redirect/a": moved("/redirect/b"),
        "/redirect/b": moved("/redirect/a"),
        **{f"/redirect/{number}": moved(f"/redirect/{number + 1}") for number in range(9)},
        "/gone": Reply(status=410),
        "/big.html": Reply(b"<html><body>" + b"<p>word</p>" * (BIG // 11)),
        "/file.pdf": Reply(b"%PDF-1.7\n\0\1\2", "application/pdf"),
        "/picture.html": Reply(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 9),
        "/plain.txt": Reply("校历：九月一日开学，一月十五日放寒假。".encode(), "text/plain; charset=utf-8"),
        "/packed.html": Reply(
            gzip.compress(page("压缩页", "这个页面在传送之前经过压缩，收到之后要先解开才能阅读其中的文字。")),
            headers={"Content-Encoding": "gzip"},
        ),
        "/private/secret.html": html("内部", "不许机器人读取的内部页面，任何爬虫都不应该请求它。"),
        "/private/open.html": html("公开", "这个页面虽然在内部目录里，但是规则明确允许机器人来读取它的内容。"),
        "/search.cgi": html("搜索", "搜索结果页面，规则用通配符禁止了它。"),
        "/noindex.html": html(
            "草稿", "这是草稿，页面自己请求不要收录。", head='<meta name="robots" content="noindex">'
        ),
        "/nofollow.html": Reply(
            page("无链", "这个页面可以收录，但是它请求机器人不要跟随其中的任何一个链接。", links=link("/hidden.html")),
            headers={"X-Robots-Tag": "nofollow"},
        ),
        "/hidden.html": html("隐藏", "没有别的页面指向这里，所以没有爬虫会来。"),
        "/slow.html": Reply(page("慢", "太慢了"), trickle=0.1),
        "/dropped.html": _breaks_twice,
        "/busy.html": _busy_once,
        "/broken.html": Reply(status=500),
        "/empty.html": Reply(b"<!doctype html><html><head><title>x</title></head><body></body></html>"),
        "/loop/a": html(
            "循环甲", "甲页面指向乙页面，乙页面又指向甲页面，这样的循环不应该让爬虫走不出来。", links=link("/loop/b")
        ),
        "/loop/b": html(
            "循环乙", "乙页面指向甲页面，甲页面又指向乙页面，每个页面只应该读取一次而已。", links=link("/loop/a")
        ),
        "/frames.html": Reply(b'<!doctype html><html><body><iframe src="/framed.html"></iframe></body></html>'),
        "/framed.html": html("框架内", "这些文字在一个框架里，早年的校园网站常常这样组织它们的内容。"),
        "/refresh.html": Reply(b'<html><head><meta http-equiv="Refresh" content="0; URL=/fresh.html"></head></html>'),
        "/fresh.html": html("刷新后", "页面会自动刷新到这里，这也是旧网站上常见的转向办法，爬虫要认识它。"),
        "/based.html": html(
            "基准", "这个页面的相对链接从另一个目录算起。", head='<base href="/deep/">', links=link("2")
        ),
        "/deep/1": html("一层", "第一层的页面，离首页只有一次点击，它指向第二层的页面。", links=link("/deep/2")),
        "/deep/2": html("二层", "第二层的页面，离首页有两次点击，它指向第三层的页面。", links=link("/deep/3")),
        "/deep/3": html("三层", "第三层的页面，离首页有三次点击，再往下就没有别的了。"),
        "/%E6%8B%9B%E7%94%9F.html": html("招生", "本科招生计划为每年180人，研究生招生计划为每年90人。"),
    }
    return site
