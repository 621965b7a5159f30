"""One identifier in twelve spellings, and strangers who come as near as a stranger can."""

from collections.abc import Iterator
from random import Random
from urllib.parse import quote

from requests_app.rules.identifiers import Identifier, Kind

NAMES = ("ana", "bruno", "petra", "otto", "maria.rossi", "j-p.dupont", "li", "o'neill", "müller", "søren")
DOMAINS = ("example.org", "example.net", "mail.example.com", "bücher.example", "straße.example", "ponte.example.it")
COUNTRIES = ("39", "44", "49", "33", "1")


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _capital(text: str) -> str:
    return "".join(c if c == "ß" else c.upper() for c in text)  # whose capital letters are two others


def _escaped(local: str) -> str:
    return "".join(f"\\{c}" if c == "." else c for c in local)


def address(number: int, random: Random) -> str:
    """An address that is only this number's."""
    return f"{random.choice(NAMES)}{number}@{random.choice(DOMAINS)}"


def spellings_of_address(address: str) -> tuple[str, ...]:
    """What a mail server would deliver to the same mailbox, or a careless import writes for it."""
    local, _, domain = address.partition("@")
    wires = ".".join(one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in domain.split("."))
    return (
        f"{_capital(local)}@{_capital(domain)}",
        f" \t{address}\r\n",
        _wide(address),
        f"{local[:2]}\u200b{local[2:]}\u00ad@\ufeff{domain}",
        f"mailto:{quote(local)}@{domain}?subject=Hello%40you",
        f'"Ana, <of {local}>" <{address}>',
        f"{address}.",
        f"{local}@{wires.upper()}",
        f'"{_escaped(local)}"@{domain}',
        quote(address, safe=""),
        f"{local} (at home (or so))@(work){domain}",
        f"{local}\t@ {domain.replace('.', ' . ')}",
    )


def phone(number: int, random: Random) -> str:
    """A number that is only this number's, with its country."""
    country = random.choice(COUNTRIES)
    first = "3" if country == "39" else random.choice("2345678")
    return f"+{country}{first}{number:09d}"


def spellings_of_phone(phone: str) -> tuple[str, ...]:
    """How people write one number."""
    country = next(c for c in COUNTRIES if phone.startswith(f"+{c}"))
    own = phone[len(country) + 1 :]
    area, rest = own[:3], own[3:]
    return (
        f"00{country}{own}",
        f"+{country} {area} {rest}",
        f"+{country}-{area}-{rest}",
        f"+{country}.{area}.{rest}",
        f"+{country}/{area}/{rest}",
        f"+{country} (0){area} {rest}",
        f"(+{country}) {area} {rest[:3]} {rest[3:]}",
        f"00 {country} (0) {area} / {rest}",
        f"tel:+{country}-{area}-{rest}",
        _wide(phone),
        f" +{country}\u00a0{area}\u2011{rest}\u200b",
        f"+{country} ({area}) {rest}\t",
    )


def number_of(number: int) -> str:
    """A customer number."""
    return f"C-{number:07d}"


def spellings_of_number(number: str) -> tuple[str, ...]:
    """How a customer number is written."""
    letter, _, digits = number.partition("-")
    return (
        number.lower(), f" {number} ", f"{number}\n", _wide(number), f"\ufeff{number}", f"{letter} - {digits}",
        f"{letter}\u2010{digits}", f"{letter}\u2011{digits}", f"{letter}\u2013{digits}", f"{letter}-\u200b{digits}",
        f"{letter}-{digits[:3]} {digits[3:]}", f"\t{letter.lower()}\u2212{digits}",
    )  # fmt: skip


def people(count: int, seed: int) -> Iterator[tuple[Identifier, tuple[Identifier, ...]]]:
    """Yield so many identifiers, of each kind in turn, each with its twelve spellings."""
    random = Random(seed)
    for number in range(count):
        kind = (Kind.EMAIL, Kind.PHONE, Kind.NUMBER)[number % 3]
        scope = "shop" if kind is Kind.NUMBER else ""
        made, spellings = {
            Kind.EMAIL: (address, spellings_of_address),
            Kind.PHONE: (phone, spellings_of_phone),
            Kind.NUMBER: (lambda n, _: number_of(n), spellings_of_number),
        }[kind]
        own = made(number, random)
        yield Identifier(kind, own, scope), tuple(Identifier(kind, one, scope) for one in spellings(own))


def strangers(count: int, seed: int, *, known: int) -> Iterator[Identifier]:
    """Yield so many others: neighbours of the `known` ones of `people`, as near as another mailbox or line can be."""
    random = Random(seed)
    ours = [identifier for identifier, _ in people(known, seed)]
    for number in range(count):
        near = ours[number % known]
        yield random.choice(_NEAR[near.kind])(near, number)


def _split(near: Identifier) -> tuple[str, str]:
    local, _, domain = near.value.partition("@")
    return local, domain


_NEAR = {
    Kind.EMAIL: (
        lambda near, n: Identifier(Kind.EMAIL, f"{_split(near)[0]}+{n}@{_split(near)[1]}"),  # the same mailbox perhaps
        lambda near, n: Identifier(Kind.EMAIL, f"{_split(near)[0]}.{n}@{_split(near)[1]}"),
        lambda near, n: Identifier(Kind.EMAIL, f"{_split(near)[0][0]}.{_split(near)[0][1:]}@{_split(near)[1]}"),
        lambda near, n: Identifier(Kind.EMAIL, f"{near.value}.example"),
        lambda near, n: Identifier(Kind.EMAIL, f"{_split(near)[0]}@{n}.{_split(near)[1]}"),
        lambda near, n: Identifier(Kind.EMAIL, f"{_split(near)[0]}_@{_split(near)[1]}"),
        lambda near, n: Identifier(Kind.EMAIL, f"а{near.value}"),  # Cyrillic
        lambda near, n: Identifier(Kind.EMAIL, near.value.replace("ß", "ss").replace("ü", "u").replace("ø", "o") + "x"),
        lambda near, n: Identifier(Kind.EMAIL, f'"{_split(near)[0]} "@{_split(near)[1]}'),
        lambda near, n: Identifier(Kind.EMAIL, f"{n}{near.value}"),
    ),
    Kind.PHONE: (
        lambda near, n: Identifier(Kind.PHONE, f"{near.value}{n % 10}"),
        lambda near, n: Identifier(Kind.PHONE, near.value[:-1]),
        lambda near, n: Identifier(Kind.PHONE, f"{near.value} ext. {n}"),
        lambda near, n: Identifier(Kind.PHONE, near.value[1:]),  # its digits, and no country
        lambda near, n: Identifier(Kind.PHONE, f"+9{near.value[1:]}"),
    ),
    Kind.NUMBER: (
        lambda near, n: Identifier(Kind.NUMBER, near.value, "crm"),  # another system counts alike
        lambda near, n: Identifier(Kind.NUMBER, near.value.replace("-", ""), "shop"),
        lambda near, n: Identifier(Kind.NUMBER, f"{near.value}{n % 10}", "shop"),
        lambda near, n: Identifier(Kind.EMAIL, near.value),
        lambda near, n: Identifier(Kind.NUMBER, f"0{near.value}", "shop"),
    ),
}
