"""The command line: python -m charlstm train | evaluate | generate | info."""

import sys

from charlstm.command_line.commands import main

if __name__ == "__main__":
    sys.exit(main())
