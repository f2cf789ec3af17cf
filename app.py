"""Starts the page: python app.py [--host H] [--port P] [--share]; --setup installs first."""

import argparse
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from contextlib import nullcontext, suppress
from typing import NoReturn

from charlstm import bootstrap


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A page on which a small network learns to write.")
    parser.add_argument(
        "--host", help="address to listen on; 0.0.0.0 lets other devices in (default: this one)"
    )
    parser.add_argument("--port", type=int, help="port to listen on (default: 7860, or the next)")
    parser.add_argument("--share", action="store_true", help="also give it a public address")
    parser.add_argument("--setup", action="store_true", help="install what is needed, then start")
    parser.add_argument(
        "--no-lock", action="store_true", help="set up the newest versions, not the tested ones"
    )
    arguments = parser.parse_args()
    if arguments.port is not None and not 0 < arguments.port < 65536:
        refuse(f"The port was {arguments.port}; give one from 1 to 65535.")
    if arguments.host is not None and not can_listen(arguments.host, 0):
        refuse(
            f"This machine has no address {arguments.host!r}: leave --host out, or use 0.0.0.0 "
            "to let other devices in."
        )
    host = arguments.host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    if arguments.port is not None and not can_listen(host, arguments.port):
        refuse_port(arguments.port)
    return arguments


def refuse(sentence: str) -> NoReturn:
    """End as argparse does where an argument is wrong."""
    print(f"{os.path.basename(sys.argv[0])}: error: {sentence}", file=sys.stderr)
    sys.exit(2)


def refuse_port(port: int | str) -> NoReturn:
    refuse(f"The port {port} is taken, or kept for the system: give another one by --port.")


def can_listen(host: str, port: int) -> bool:
    """Whether this machine can listen at an address; port 0 stands for any port.

    Checked here because Gradio would try a hundred ports before it reports an error.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port)[0]
        with socket.socket(family) as listener:
            if os.name != "nt":  # as the server does: a port that was free a moment ago is free
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except (OSError, UnicodeError):
        return False
    return True


if __name__ == "__main__":
    bootstrap.before_start(sys.argv)
    ARGUMENTS = read_arguments()  # what is wrong with them is said before the seconds of importing

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
# Uploads into a folder of this server's own, which goes with it: the usual one is that of all
# programs with Gradio on this machine.
with suppress(OSError):  # there is no room: what else there is still works
    UPLOADS = tempfile.TemporaryDirectory(
        prefix="charlstm-uploads-",
        dir=os.environ.get("GRADIO_TEMP_DIR"),
        ignore_cleanup_errors=True,
    )
    os.environ["GRADIO_TEMP_DIR"] = UPLOADS.name
# On a Space Gradio would lay a header of the Hub over ours, fetch fonts from elsewhere, and look
# out for other code to run.
if os.environ.get("SYSTEM") == "spaces":
    del os.environ["SYSTEM"]

with bootstrap.asking_nobody_else():  # Gradio gets ready to ask others, by way of any proxy
    from charlstm.interface.page import build_page, launch_settings
from charlstm.interface.connections import IdleConnections  # noqa: E402
from charlstm.interface.models import ModelRegistry  # noqa: E402
from charlstm.interface.server_log import log_start  # noqa: E402
from charlstm.interface.stage.qr_code import address_for_others, terminal_code  # noqa: E402
from charlstm.machine import allow_many_open_files  # noqa: E402
from charlstm.runs.run import Runs  # noqa: E402
from charlstm.writing.engine import Engine  # noqa: E402

runs = Runs()
engine = Engine(is_training=runs.is_training)
registry = ModelRegistry(runs)
demo = build_page(engine, registry)


def main(arguments: argparse.Namespace) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("charlstm").setLevel(logging.INFO)
    # It warns of each upload that is not well formed, and anybody may send many.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    allow_many_open_files()
    host = arguments.host or os.environ.get("GRADIO_SERVER_NAME")
    engine.start()
    if arguments.share:
        reach_itself_directly()
        check_it_can_ask_others()
    try:
        with nullcontext() if arguments.share else bootstrap.asking_nobody_else():
            demo.launch(
                server_name=host,
                server_port=arguments.port,
                share=arguments.share,
                prevent_thread_lock=True,
                **launch_settings(demo, engine, registry, host),
            )
    except OSError:  # raised by Gradio when no port is free
        port = arguments.port or os.environ.get("GRADIO_SERVER_PORT", "7860 to 7959")
        refuse_port(port)
    log_start(demo.local_url)
    in_room = address_for_others(host, demo.server_port, demo.share_url)
    if in_room and sys.stdout.isatty():
        print(f"\nFor everybody in the room: {in_room}\n{terminal_code(in_room)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as by Ctrl-C
    # Not by `block_thread`, which leaves open streams open, and waits for them.
    with suppress(KeyboardInterrupt):
        IdleConnections(demo.server).close_until(threading.Event())
    demo.close()


def reach_itself_directly() -> None:
    """Let no proxy stand between this program and its own page, which Gradio asks at the start."""
    for name in ("NO_PROXY", "no_proxy"):
        others = [one for one in os.environ.get(name, "").split(",") if one.strip()]
        os.environ[name] = ",".join([*others, "localhost", "127.0.0.1", "::1"])


def check_it_can_ask_others() -> None:
    """Refuse to share the page where Gradio could not ask for an address.

    httpx, by which it asks, raises errors of many kinds: a proxy's scheme, a package, a file.
    """
    import httpx

    try:
        httpx.Client().close()
    except Exception as error:
        refuse(
            "--share needs the proxy and certificates that this computer's variables name, and "
            f"cannot use them ({error}): mend them, or leave --share out."
        )


if __name__ == "__main__":
    main(ARGUMENTS)
