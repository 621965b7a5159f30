"""Reading settings from the environment, and refusing with a sentence that helps.

Any variable NAME may be given as NAME_FILE, the path of a file that holds the value: secrets then stay out of
process listings. Giving both is a mistake.
"""

import hashlib
import os
import re
import secrets
import tomllib
from pathlib import Path

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

HOW_TO_MAKE = {
    "SECRET_KEY": 'python -c "import secrets; print(secrets.token_urlsafe(50))"',
    "MASTER_KEYS": 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"',
    "LOOKUP_KEYS": "python -c \"import secrets; print('1:' + secrets.token_hex(32))\"",
    "SUPPRESSION_KEYS": "python -c \"import secrets; print('1:' + secrets.token_hex(32))\"",
    "CODE_KEY": 'python -c "import secrets; print(secrets.token_hex(32))"',
    "PACKAGE_KEY": 'python -c "import secrets; print(secrets.token_hex(32))"',
}

WHAT_IT_IS = {
    "SECRET_KEY": "signs sessions and forms",
    "MASTER_KEYS": "wraps the data key of every submission; a comma list, the first one wraps, all can unwrap",
    "LOOKUP_KEYS": "finds submissions by e-mail address; a comma list of version:hex, the highest version is used",
    "SUPPRESSION_KEYS": "knows again who was erased; a comma list of version:hex, the highest one is used, all of them "
    "compare: an old one is never taken away",
    "CODE_KEY": "derives the codes and links that prove control of an address",
    "PACKAGE_KEY": "signs the packages that people download; 32 bytes as 64 hexadecimal digits",
}

_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")

reader = environ.Env()


def fail(name: str, problem: str) -> ImproperlyConfigured:
    """The error for one variable: what is wrong, what it is for, how to make a value. Never shows the value."""
    lines = [f"{name} {problem}."]
    if name in WHAT_IT_IS:
        lines.append(f"It {WHAT_IT_IS[name]}.")
    if name in HOW_TO_MAKE:
        lines.append(f"Make one with:\n    {HOW_TO_MAKE[name]}")
        lines.append(f"and set {name}, or {name}_FILE to the path of a file that holds it.")
    return ImproperlyConfigured("\n".join(lines))


# What may be given as NAME_FILE besides the secrets above.
ALSO_IN_FILES = (
    "DATABASE_URL",
    "KEYS_DATABASE_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "METRICS_TOKEN",
    "IMPORT_KEYS",
    "PERSON_OIDC_CLIENT_SECRET",
    "STAFF_OIDC_CLIENT_SECRET",
)


def load_files() -> None:
    """Put the content of every NAME_FILE of ours into NAME."""
    for name in (*HOW_TO_MAKE, *ALSO_IN_FILES):
        path = os.environ.get(f"{name}_FILE")
        if not path:
            continue
        if os.environ.get(name):
            raise fail(name, f"is set twice, as {name} and as {name}_FILE: remove one")
        try:
            os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise fail(name, f"cannot be read from the file named by {name}_FILE ({type(error).__name__})") from None
        # Children inherit the value, so they must not meet both names.
        del os.environ[f"{name}_FILE"]


def hexadecimal(name: str, *, size: int) -> str:
    """A required secret of exactly so many bytes, in hexadecimal digits."""
    value = required(name)
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * size}}}", value):
        raise fail(name, f"has to be {2 * size} hexadecimal digits")
    return value


def boolean(name: str, *, default: bool) -> bool:
    raw = os.environ.get(name, "").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise fail(name, "must be one of 1, true, yes, on, 0, false, no, off")


def text(name: str, *, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def required(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise fail(name, "is not set; outside the demo the portal does not start without it")
    return value


def toml(name: str, *, default: Path | None = None) -> dict[str, object]:
    """The tables of the TOML file that the variable names; none where it names no file."""
    given = text(name, default="")
    path = Path(given) if given else default
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise fail(name, f"names a file that cannot be read as TOML ({type(error).__name__})") from None


def integer(name: str, *, default: int) -> int:
    raw = text(name, default=str(default))
    try:
        return int(raw)
    except ValueError:
        raise fail(name, "must be a whole number") from None


def names(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def pairs(name: str) -> list[tuple[str, str]]:
    """``a=b,c=d`` as [(a, b), (c, d)]; a name may stand twice."""
    found = [tuple(part.strip() for part in entry.split("=", 1)) for entry in names(name)]
    if not all(len(pair) == 2 and all(pair) for pair in found):
        raise fail(name, "must be pairs such as privacy-team=handler,dpo=privacy officer")
    return found  # type: ignore[return-value]


def openid(prefix: str) -> dict[str, str]:
    """A provider of OpenID Connect; all empty where there is none. Half of one is reported by a system check."""
    return {part: text(f"{prefix}_{part.upper()}", default="") for part in ("issuer", "client_id", "client_secret")}


def secret(name: str, *, at_least: int) -> str:
    """A required secret of at least so many characters."""
    value = required(name)
    if len(value) < at_least:
        raise fail(name, f"is too short: at least {at_least} characters")
    return value


def fernet_keys(name: str) -> list[str]:
    required(name)
    keys = names(name)
    if not keys:
        raise fail(name, "holds no key")
    for place, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise fail(name, f"has an entry that is no Fernet key (entry {place} of {len(keys)})") from None
    return keys


def versioned_keys(name: str) -> dict[int, str]:
    """``1:hex,2:hex`` as {1: hex, 2: hex}; hex is at least 32 bytes."""
    required(name)
    keys: dict[int, str] = {}
    for place, entry in enumerate(names(name), start=1):
        version, colon, value = entry.partition(":")
        if not colon or not version.isdecimal() or int(version) < 1:
            raise fail(name, f"has an entry that does not begin with a version and a colon (entry {place})")
        if not re.fullmatch(r"(?:[0-9a-fA-F]{2}){32,}", value):
            raise fail(name, f"has an entry whose key is not at least 64 hexadecimal digits (entry {place})")
        if int(version) in keys:
            raise fail(name, f"names version {int(version)} twice")
        keys[int(version)] = value
    if not keys:
        raise fail(name, "holds no key")
    return keys


def public_url(name: str, *, default: str) -> str:
    url = text(name, default=default).rstrip("/")
    if not re.fullmatch(r"https?://[^/\s?#@]+", url):
        raise fail(name, "must be http:// or https:// and a host, without path, such as https://privacy.example.org")
    return url


def colour(name: str, *, default: str) -> str:
    value = text(name, default=default)
    if not _COLOUR.fullmatch(value):
        raise fail(name, "must be a colour such as #1d4ed8")
    return value


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def database(name: str, *, default: str) -> dict[str, object]:
    """One database from a URL; SQLite gets the options that make it safe under several processes."""
    try:
        config: dict[str, object] = dict(reader.db_url_config(text(name, default=default)))
    except Exception as error:
        raise fail(name, f"is not a database URL ({type(error).__name__})") from None
    engine = config.get("ENGINE")
    if engine == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "timeout": 20,  # seconds a writer waits for the one before it
            "transaction_mode": "IMMEDIATE",  # take the write lock at once: no upgrade that can only fail
            # secure_delete: what was deleted is overwritten; operations/scrubbing.py then truncates the WAL, too
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
        }
    elif engine in {"django.db.backends.postgresql", "django.db.backends.postgresql_psycopg2"}:
        config["ENGINE"] = "django.db.backends.postgresql"
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
        options = config.setdefault("OPTIONS", {})
        assert isinstance(options, dict)
        options.setdefault("connect_timeout", 5)
        options.setdefault("tcp_user_timeout", 20_000)  # milliseconds until a server that vanished counts as gone
    else:
        raise fail(name, "must begin with sqlite:// or postgres://")
    return config


def demo_secrets(path: Path) -> None:
    """Secrets of the demo: made once, kept for the next start, readable by their owner only."""
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MASTER_KEYS": Fernet.generate_key().decode(),
        "LOOKUP_KEYS": f"1:{secrets.token_hex(32)}",
        "SUPPRESSION_KEYS": f"1:{secrets.token_hex(32)}",
        "CODE_KEY": secrets.token_hex(32),
        "PACKAGE_KEY": secrets.token_hex(32),
    }
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in made.items())
        try:
            os.link(draft, path)  # the first of several processes wins, the others read its file
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    kept = dict(line.split("=", 1) for line in path.read_text().splitlines())
    if "PACKAGE_KEY" not in kept:  # a demo of before packages were signed: every process comes to the same key
        kept["PACKAGE_KEY"] = hashlib.sha256(f"package:{kept['CODE_KEY']}".encode()).hexdigest()
    if "SUPPRESSION_KEYS" not in kept:  # the same of one from before the register of erasures
        kept["SUPPRESSION_KEYS"] = "1:" + hashlib.sha256(f"suppression:{kept['CODE_KEY']}".encode()).hexdigest()
    for name, value in kept.items():
        if not os.environ.get(name):
            os.environ[name] = value


def mail(name: str, *, default: str) -> dict[str, object]:
    """The settings of the mail server from a URL such as smtp+tls://user:password@mail.example.org:587."""
    try:
        return dict(reader.email_url_config(text(name, default=default)))
    except Exception as error:
        raise fail(name, f"is not a mail URL ({type(error).__name__})") from None
