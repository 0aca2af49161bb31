import json
import pathlib


def load():
    return json.loads(pathlib.Path("people.json").read_text("utf-8"))


def address_of(people, name):
    for person in people:
        if person["name"] == name:
            return person["mail"]
    return None


def send_mail(people, name):
    """The mail program's command line for a person."""
    return ["mail", address_of(people, name)]
