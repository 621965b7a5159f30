"""From which network a visitor comes, and the words for whoever comes too often."""

import ipaddress
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from requests_app.clock import now
from requests_app.operations import networks
from requests_app.operations.networks import Act

WIDTH = {4: 24, 6: 64}  # what one subscriber or one office has at least


def of(request: HttpRequest) -> str:
    """The network, such as 198.51.100.0/24; "" where it cannot be known, as behind a proxy that was not declared.

    Each proxy of ours adds the address it was asked from at the right of X-Forwarded-For; what stands left of these
    entries was written by the visitor, and is not looked at.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    trusted = settings.TRUSTED_PROXIES
    text = hops[-trusted] if 0 < trusted <= len(hops) else request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network((address, WIDTH[address.version]), strict=False))


def crowded(request: HttpRequest, act: Act) -> str:
    """Count this visit; what to tell where it is one too many, else ""."""
    try:
        networks.count(of(request), act=act, at=now())
    except networks.Crowded as limit:
        minutes = -(-limit.wait // timedelta(minutes=1))
        told = [
            ngettext(
                "Very many requests came from your network within this hour. Please try again in %(minutes)s minute.",
                "Very many requests came from your network within this hour. Please try again in %(minutes)s minutes.",
                minutes,
            )
            % {"minutes": minutes}
        ]
        if act is Act.FILE:
            told.append(
                _("What you typed stays here. To refuse marketing or withdraw consent, choose only that: no wait.")
            )
        if settings.ORGANISATION_ADDRESS:
            told.append(
                _("You can also phone us, or write to %(address)s.") % {"address": settings.ORGANISATION_ADDRESS}
            )
        else:
            told.append(_("You can also phone us or write us a letter."))
        return " ".join(told)
    return ""
