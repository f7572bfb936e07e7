"""What every answer tells the browser: load nothing from elsewhere, guess nothing, tell nobody."""

from __future__ import annotations

from collections.abc import Iterable

POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""Of our own pages. (Inline styles, not scripts: Svelte sets positions and sizes with them.)"""


def framed_policy(framed_by: Iterable[str]) -> str:
    """Return the policy of our pages where others may show them in a frame."""
    return POLICY.replace("frame-ancestors 'self'", f"frame-ancestors 'self' {' '.join(framed_by)}")


REPORT_POLICY = (
    "sandbox allow-popups; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Of reports: self-contained pages that run no script and reach nothing."""

REPORT_HEADERS = {
    "Content-Security-Policy": REPORT_POLICY,
    "Cross-Origin-Opener-Policy": "unsafe-none",  # a browser refuses to sandbox with any other
    "Cache-Control": "no-cache",
}

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
