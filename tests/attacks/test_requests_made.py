"""A50: the portal is talked into asking where it must not: names, numbers, redirects, a name that changes its mind."""

import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from requests_app.connectors import Query
from requests_app.connectors.addresses_allowed import is_allowed
from requests_app.connectors.http import Http, NotAllowed, RefusedUs
from tests.http_source import HOST, KEY, SECRET, Handler, Other, running

ANA = Query(email="ana@example.org")
RESOLVER = "requests_app.connectors.addresses_allowed.getaddrinfo"

REFUSED = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.1.1",
    "192.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2001:db8::1",
    "100::1",
    "fd00:ec2::254",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:169.254.169.254",
    "::127.0.0.1",
    "::10.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2002:a9fe:a9fe::",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a00:1",
    "2001:0:0:0::1",
]
ALLOWED = ["93.184.216.34", "2606:4700::1111", "64:ff9b::93.184.216.34", "::ffff:93.184.216.34"]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_on_the_internet_is_refused(address):
    assert not is_allowed(ip_address(address))


@pytest.mark.parametrize("address", ALLOWED)
def test_an_address_on_the_internet_is_allowed(address):
    assert is_allowed(ip_address(address))


def test_a_listed_network_is_allowed_and_the_credentials_of_a_cloud_never_are():
    listed = [ip_network(net) for net in ("10.1.0.0/16", "169.254.0.0/16", "fd00::/8")]
    allowed = {
        one for one in ("10.1.2.3", "::ffff:10.1.2.3", "169.254.1.1", "fd12::1") if is_allowed(ip_address(one), listed)
    }
    assert len(allowed) == 4
    for one in ("10.2.0.1", "169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "192.168.1.1"):
        assert not is_allowed(ip_address(one), listed)


def options(url: str, **changes: Any) -> dict[str, Any]:
    return {"url": url, "hosts": [HOST], "key_id": KEY, "secret": "env:CRM_SECRET", **changes}


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setenv("CRM_SECRET", SECRET)


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.org",
        "file:///etc/passwd",
        "gopher://crm.example.org",
        "ftp://crm.example.org",
        "//crm.example.org",
        "crm.example.org",
        "https://evil.example",
        "https://crm.example.org.evil.example",
        "https://crm.example.org@evil.example/",
        "https://evil.example#@crm.example.org",
        "https://evil.example\\@crm.example.org",
        "https://crm.example.org\\@evil.example",
        "https://ana:secret@crm.example.org",
        "https://crm.example.org:443@evil.example",
        "https://crm.example.org/?next=x",
        "https://crm.example.org/%2e%2e/x",
        "https://crm.example.org/a b",
        "https://crm.example.org/\r\nHost: evil.example",
        "https://crm.example.org:99999",
        "https://CRM.example.org",
        "https://crm.example.org.",
        "https://crm。example.org",
        "https://сrm.example.org",
    ],
    ids=ascii,
)
def test_an_address_that_reads_in_two_ways_is_no_setting(url):
    with pytest.raises(ValueError, match=r"url|hosts"):
        Http(**options(url))


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "127.0.0.0x1", "1.2.3.08"]
)
def test_a_number_in_disguise_is_refused_even_where_it_is_listed(host):
    with pytest.raises(ValueError, match="hides"):
        Http(**options(f"https://{host}", hosts=[host]))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:169.254.169.254]", "10.0.0.1"])
def test_an_address_written_as_everybody_writes_it_is_judged_like_a_name(host):
    with pytest.raises(NotAllowed):
        Http(**options(f"https://{host}", hosts=[host.strip("[]")])).find(ANA)


def answers(*addresses: str) -> list[Any]:
    family = {4: socket.AF_INET, 6: socket.AF_INET6}
    return [(family[ip_address(one).version], 1, 6, "", (one, 443)) for one in addresses]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1%lo"]
)
def test_a_listed_name_that_leads_inside_is_refused_before_anything_is_sent(address, monkeypatch):
    monkeypatch.setattr(RESOLVER, lambda *a, **k: answers(address))
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))
    with pytest.raises(NotAllowed):
        Http(**options(f"https://{HOST}")).find(ANA)


def test_one_address_inside_among_those_outside_is_enough(monkeypatch):
    monkeypatch.setattr(RESOLVER, lambda *a, **k: answers("93.184.216.34", "10.0.0.1"))
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))
    with pytest.raises(NotAllowed):
        Http(**options(f"https://{HOST}")).find(ANA)


def test_a_name_that_changes_its_mind_is_asked_once_and_the_judged_address_is_used(monkeypatch):
    said = [answers("93.184.216.34"), answers("127.0.0.1")]
    connected: list[str] = []

    def resolver(host: str, *args: Any, **more: Any) -> list[Any]:
        assert host == HOST
        return said.pop(0)

    def connects(address: tuple[str, int], *args: Any, **more: Any) -> socket.socket:
        connected.append(address[0])
        raise TimeoutError

    monkeypatch.setattr(RESOLVER, resolver)
    monkeypatch.setattr(socket, "create_connection", connects)
    crm = Http(**options(f"https://{HOST}"))
    with pytest.raises(Exception, match="ConnectTimeout"):
        crm.find(ANA)
    assert connected == ["93.184.216.34"]
    with pytest.raises(NotAllowed):  # the next question is judged anew
        crm.find(ANA)
    assert connected == ["93.184.216.34"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_nobody_goes_there(status, tmp_path, monkeypatch):
    other, inside = Other(), Other()
    with running(inside, None) as hidden, running(other, tmp_path) as port:

        def leads_on(handler: Handler) -> None:
            handler.say(status, b"", {"Location": f"http://127.0.0.1:{hidden}/latest/meta-data/"})

        other.instead = leads_on
        monkeypatch.setattr(RESOLVER, lambda *a, **k: answers("127.0.0.1"))
        here = {"networks": ["127.0.0.0/8"], "ca_file": str(tmp_path / "ca.pem")}
        with pytest.raises(RefusedUs, match=str(status)):
            Http(**options(f"https://{HOST}:{port}", **here)).find(ANA)
    assert len(other.asked) == 1
    assert (inside.asked, inside.refused) == ([], 0)


def test_a_proxy_of_the_environment_is_not_used(tmp_path, monkeypatch):
    other, proxy = Other(), Other()
    with running(proxy, None) as hidden, running(other, tmp_path) as port:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{hidden}")
        monkeypatch.setattr(RESOLVER, lambda *a, **k: answers("127.0.0.1"))
        here = {"networks": ["127.0.0.0/8"], "ca_file": str(tmp_path / "ca.pem")}
        assert list(Http(**options(f"https://{HOST}:{port}", **here)).find(ANA)) == []
    assert len(other.asked) == 1
    assert (proxy.asked, proxy.refused) == ([], 0)
