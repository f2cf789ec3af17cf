"""Starts the page: python app.py [--host H] [--port P] [--share]; --setup installs first."""

import argparse
import os
import sys

from charlstm import bootstrap

if __name__ == "__main__":
    bootstrap.before_start(sys.argv)

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

from charlstm.interface.page import build_page, launch_settings  # noqa: E402

demo = build_page()


def main() -> None:
    parser = argparse.ArgumentParser(description="A page on which a small network learns to write.")
    parser.add_argument(
        "--host", help="address to listen on; 0.0.0.0 lets other devices in (default: this one)"
    )
    parser.add_argument("--port", type=int, help="port to listen on (default: 7860, or the next)")
    parser.add_argument("--share", action="store_true", help="also give it a public address")
    parser.add_argument("--setup", action="store_true", help="install what is needed, then start")
    arguments = parser.parse_args()
    demo.launch(
        server_name=arguments.host,
        server_port=arguments.port,
        share=arguments.share,
        **launch_settings(),
    )


if __name__ == "__main__":
    main()
