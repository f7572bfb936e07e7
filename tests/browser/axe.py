"""axe-core on a page: https://github.com/dequelabs/axe-core, a devDependency of the front end."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page

if TYPE_CHECKING:
    from tests.browser.visits import lacking
else:
    from visits import lacking

SOURCE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

RUN = """async (only) => {
  const { violations } = await axe.run(document, {
    resultTypes: ['violations'], ...(only.length ? { runOnly: only } : {}) });
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .flatMap(({ id, help, nodes }) => nodes.map(({ html, any }) =>
      `${id} (${help}): ${html.slice(0, 160)} ${any.map(({ message }) => message).join(' ')}`));
}"""


@cache
def _source() -> str:
    if not SOURCE.is_file():
        lacking("axe-core is not installed: python hatch_build.py npm ci")
    return SOURCE.read_text(encoding="utf-8")


def violations(page: Page, *only: str) -> list[str]:
    """Return the serious and critical violations of a page as it is, with what they are about.

    Parameters
    ----------
    page : Page
    *only : str
        Rules to check; none: all of them.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())  # not by a script element: the page forbids those of strangers
    found: list[str] = page.evaluate(RUN, list(only))
    return found
