"""dbt in a process that ends with the one that started it.

A cycle that is killed cannot stop the dbt it started; left alone, that dbt would go on writing into a warehouse that
the next cycle already opens. So dbt runs here, beside a thread that watches the parent.
"""

import os
import sys
import threading
from time import sleep

_LOOK_EVERY_SECONDS = 0.2
_EXIT_CODE = 130


def end_with(parent: int) -> None:
    """End this process at once, without clean-up, when its parent is no longer `parent`."""
    while os.getppid() == parent:
        sleep(_LOOK_EVERY_SECONDS)
    os._exit(_EXIT_CODE)


def main() -> None:
    """Run dbt with the arguments of the command line."""
    parent = int(os.environ.pop("ONEFOLK_PARENT", os.getppid()))
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    from dbt.cli.main import cli

    sys.argv[0] = "dbt"
    cli()


if __name__ == "__main__":
    main()
