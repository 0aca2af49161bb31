from mail import shorten


def listing(titles):
    return "\n".join(f"- {shorten(title, 20)}" for title in titles)
