"""Commands of `onefolk` about identity: who is who, why, and how right that is. Imports are late, as in `cli`."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command()(evaluate)
    app.command()(explain)


def evaluate(
    truth: Annotated[
        Path | None, typer.Option(help="Folder of identifiers.csv and people.csv; default: <home>/truth.")
    ] = None,
) -> None:
    """Measure the identity graph against the truth that `onefolk simulate` wrote: what is wrongly joined, what missed.

    The truth says whose each identifier is. A pair is knowable when a chain of your own records, each holding
    identifiers of that one person, joins it; the identity rules themselves have no say in that. Values are never shown.
    """
    from orchestration.identity.evidence import evaluate as measure_identity
    from orchestration.identity.summary import evaluation_summary
    from orchestration.settings import load_settings
    from orchestration.terminal import console

    settings = load_settings()
    folder = truth.expanduser().absolute() if truth else settings.home / "truth"
    evaluation_summary(console(), measure_identity(settings, folder))


def explain(
    identifier: Annotated[
        str, typer.Argument(help="A value, type:value where several types hold it, an identifier_key, or a profile_id.")
    ],
    other: Annotated[str | None, typer.Argument(help="Another one: why are the two one person, or why not?")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Draw the evidence into this file.")] = None,
) -> None:
    """Show why identifiers are one person: the evidence link by link, the weakest marked, and what was not accepted.

    For example: onefolk explain email:anna@company.com "+49 30 901820". Values are shown, so this is for those who may
    read them.
    """
    from orchestration.identity.explain import explain as read_evidence
    from orchestration.identity.explain_text import show_explanation
    from orchestration.settings import load_settings
    from orchestration.terminal import console

    explanation = read_evidence(load_settings(), identifier, other)
    screen = console()
    show_explanation(screen, explanation)
    if svg:
        from orchestration.identity.explain_svg import draw_explanation

        screen.print(draw_explanation(explanation, svg.expanduser().absolute()), markup=False, soft_wrap=True)
