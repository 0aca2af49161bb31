import argparse
import configparser
import os


def port():
    """The port: the flag counts more than the variable, the variable more than the file."""
    flags = argparse.ArgumentParser()
    flags.add_argument("--port", type=int)
    flags.add_argument("--name", default="")
    given = flags.parse_args()
    if given.port:
        return given.port
    variable = f"{given.name.upper()}_PORT" if given.name else "PORT"
    if variable in os.environ:
        return int(os.environ[variable])
    settings = configparser.ConfigParser()
    settings.read("server.ini")
    return settings.getint("server", "port", fallback=8000)


if __name__ == "__main__":
    print("listening on port", port())
