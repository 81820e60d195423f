"""Pages that people open from a file: one file each, no script, nothing fetched from anywhere."""

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from orchestration.identity.explain_words import printable


def render(package: str, template: str, **values: Any) -> str:
    """The HTML of a template in a package, which may extend `base.html` of this one; every text in it is escaped."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader(__name__, ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whatever stands in a text, it can't disguise what is beside it.
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    return environment.get_template(template).render(**values)
