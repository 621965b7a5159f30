"""Which grounds of refusal may be offered to staff (P15, P16, P17, H4, H13)."""

from __future__ import annotations

from collections.abc import Collection

from requests_app.rules.policy import NEVER_GATED, Ground, Policy


def grounds_for(policy: Policy, right: str, regimes: Collection[str] | None = None) -> tuple[Ground, ...]:
    """The grounds for refusing this right that every regime binding the request allows (H13: the narrow list rules).

    `regimes` are those that bind this one request; without them the policy's own apply. Binding regimes that are
    not known give no ground at all.
    """
    binding = set(policy.regimes if regimes is None else regimes)
    if not binding or right in NEVER_GATED:  # P5, P8: opt-out and withdrawal take effect at filing
        return ()
    return tuple(g for g in policy.refusal_grounds if right in g.rights and binding <= set(g.regimes))
