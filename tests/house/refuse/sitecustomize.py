"""Python reads this at its start when PYTHONPATH names the folder, in every child process too.

Whatever tries to reach another machine is refused, and written into the file that
``REFUSED_LOG`` names: connections, look-ups of names, datagrams.
"""

import os
import sys
from typing import Any

HERE = ("localhost", "127.0.0.1", "::1", "", None)
LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in LOOK_UPS:
        host = arguments[0]
    elif event in SENDS and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host not in HERE:
        with open(os.environ["REFUSED_LOG"], "a") as log:  # noqa: PTH123 - before pathlib
            log.write(f"{event} {host}\n")
        raise OSError(f"{host} was refused")


sys.addaudithook(refuse)
