"""A server of the Model Context Protocol, as somebody would write it: started as a program by the tests."""

import os
import sys
import time
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("support")


@server.tool()
def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


@server.tool()
def fail(why: str) -> str:
    """Fail."""
    raise ToolError(why)


@server.tool()
def count(to: int) -> str:
    """Write many lines."""
    return "\n".join(str(number) for number in range(to))


@server.tool()
def sleep(seconds: float) -> str:
    """Take long."""
    time.sleep(seconds)
    return "awake"


@server.tool()
def die() -> str:
    """End the server."""
    os._exit(3)


@server.tool()
def environment(name: str) -> str:
    """A variable of the server's environment."""
    return os.environ.get(name, "not set")


@server.tool(name="odd name!")
def odd() -> str:
    """A name that no model could call."""
    return str(Path.cwd())


if __name__ == "__main__":
    sys.stderr.write("support server\n")
    server.run()
