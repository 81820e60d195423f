"""The command that asks for metrics. Imports are late, as in `cli`."""

import typer

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command(context_settings=_PASSED_ON)(mf)


def mf(context: typer.Context) -> None:
    """Ask for metrics (revenue, conversion, retention, ...) by any dimension: MetricFlow's `mf` on what readers see.

    Arguments go to MetricFlow, such as: onefolk mf list metrics, or: onefolk mf query --metrics revenue,orders
    --group-by metric_time__month. A build that runs at the same time is not disturbed, and nothing is sent anywhere.
    """
    from orchestration.metrics import run_mf
    from orchestration.settings import load_settings

    run_mf(load_settings(), context.args or ["--help"])
