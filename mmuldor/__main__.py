"""``python -m mmuldor COMMAND ...``."""

import sys

from mmuldor.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
