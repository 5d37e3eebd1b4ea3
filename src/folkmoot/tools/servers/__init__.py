"""MCP servers as sources of tools: over stdio as a child process, or over streamable HTTP.

`model.py` is a server as data, `connect.py` the way to it, `source.py` the connection that is kept up, `offered.py` the
tools that come over it, named `<server>.<tool>`. They go over the same desk and into the same log as every other tool.
"""

from folkmoot.tools.servers.model import McpServer, read_servers
from folkmoot.tools.servers.source import McpSources

__all__ = ["McpServer", "McpSources", "read_servers"]
