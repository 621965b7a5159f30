"""Settings of the portal, every one from the environment (portal/env.py reads and checks them).

Outside the demo nothing secret has a default.
"""

from pathlib import Path
from urllib.parse import urlsplit

from portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR", default=str(BASE_DIR / "var")))

env.load_files()

DEMO = env.boolean("DEMO", default=False)
# Moves the clock, in seconds; clock.now() refuses it outside the demo and the tests.
CLOCK_OFFSET_SECONDS = env.integer("CLOCK_OFFSET_SECONDS", default=0)
DEBUG = env.boolean("DEBUG", default=False)
if DEMO:
    env.demo_secrets(VAR_DIR / "demo-secrets.env")

# --- secrets -------------------------------------------------------------------------------------------------------
SECRET_KEY = env.secret("SECRET_KEY", at_least=50)
MASTER_KEYS: list[str] = env.fernet_keys("MASTER_KEYS")
LOOKUP_KEYS: dict[int, str] = env.versioned_keys("LOOKUP_KEYS")
SUPPRESSION_KEYS: dict[int, str] = env.versioned_keys("SUPPRESSION_KEYS")
CODE_KEY = env.secret("CODE_KEY", at_least=32)
PACKAGE_KEY = env.hexadecimal("PACKAGE_KEY", size=32)

# --- who we are and where --------------------------------------------------------------------------------------------
PORT = env.text("PORT", default="8000")
PUBLIC_URL = env.public_url("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}")
ORGANISATION_NAME = env.text("ORGANISATION_NAME", default="Example Organisation")
ORGANISATION_ADDRESS = env.text("ORGANISATION_ADDRESS", default="")  # the sender's line of printed letters
ACCENT_COLOUR = env.colour("ACCENT_COLOUR", default="#1d4f91")

_public = urlsplit(PUBLIC_URL)
_https = _public.scheme == "https"
ALLOWED_HOSTS = [_public.hostname or "", *env.names("ALLOWED_HOSTS")]
if DEMO:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# --- applications ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "requests_app",  # first, so that its admin templates win
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",  # around everything below, so that its error pages carry the policy too
    "requests_app.web.middleware.DatabaseAwayMiddleware",
    "requests_app.web.restored.RestoredMiddleware",  # before the session, which a restored database may still know
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "requests_app.admin.second_factor.SecondFactorMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "requests_app.web.context.organisation",
            ],
        },
    },
]

# --- databases -------------------------------------------------------------------------------------------------------
# The keys live apart: destroying one row there ends every copy of what it sealed, old backups included.
DATABASES = {
    "default": env.database("DATABASE_URL", default=env.sqlite_url(VAR_DIR / "portal.sqlite3")),
    "keys": env.database("KEYS_DATABASE_URL", default=env.sqlite_url(VAR_DIR / "keys.sqlite3")),
}
# Days until the last backup that still holds a deleted row, and until the last one of a destroyed key, is gone.
BACKUP_DAYS = env.integer("BACKUP_DAYS", default=30)
KEY_BACKUP_DAYS = env.integer("KEY_BACKUP_DAYS", default=7)
DATABASE_ROUTERS = ["requests_app.routers.KeysRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counts of failed sign-ins and codes that were used: in the database, so that all processes see the same.
CACHES = {
    "default": {
        "BACKEND": "portal.sign_in_limits.SignInLimits",
        "KEY_FUNCTION": "portal.sign_in_limits.digested",
        "LOCATION": "sign_in_limits",
    },
}

# --- the queue -------------------------------------------------------------------------------------------------------
# Disposable: whatever matters is a row. The default needs no server.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", default="filesystem://localhost")
BROKER_DIR = VAR_DIR / "broker"

# Seconds without any task after which a worker ends itself, so that its supervisor starts a fresh one; 0 never.
WORKER_SILENCE_SECONDS = env.integer("WORKER_SILENCE_SECONDS", default=75)

# --- proxies ---------------------------------------------------------------------------------------------------------
BEHIND_PROXY = env.boolean("BEHIND_PROXY", default=False)
# How many of ours write into X-Forwarded-For: so many entries, from the right, are believed.
TRUSTED_PROXIES = max(0, env.integer("TRUSTED_PROXIES", default=int(BEHIND_PROXY)))

# --- data sources ---------------------------------------------------------------------------------------------------
# {alias: {"BACKEND": ..., "OPTIONS": {...}}}, from the TOML file that this names: see docs/operations.md.
DATA_SOURCES = env.toml("DATA_SOURCES_FILE", default=BASE_DIR / "portal" / "demo_sources.toml" if DEMO else None)

# Keys of the controller's systems that call ours, name=secret: import gate, consents, preference links.
IMPORT_KEYS = dict(env.pairs("IMPORT_KEYS"))

# --- watching ---------------------------------------------------------------------------------------------------------
# Without a token /metrics answers to this machine only, and to nobody where a proxy of ours is on it.
METRICS_TOKEN = env.text("METRICS_TOKEN", default="")
METRICS_ON_LOOPBACK = not BEHIND_PROXY
# Told besides the privacy officers, and alone where the database cannot be asked for theirs.
WATCHDOG_EMAIL = env.names("WATCHDOG_EMAIL")

# Where weaknesses are reported, mailto: or https:, for /.well-known/security.txt (RFC 9116).
SECURITY_CONTACT = env.names("SECURITY_CONTACT")

# --- language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("it", "Italiano")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # of the store; the controller's zone is a value of its policy

# --- mail ------------------------------------------------------------------------------------------------------------
MAIL_DIR = VAR_DIR / "mail"
EMAIL_TIMEOUT = 10  # seconds: a mail server that does not answer must not hold a worker longer
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default=f"privacy@{_public.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if DEMO and not env.text("EMAIL_URL", default=""):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)
else:
    _mail = env.mail("EMAIL_URL", default="smtp://localhost:25")
    EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
    EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
    EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
    EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
    EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS", False))
    EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL", False))

# --- files -----------------------------------------------------------------------------------------------------------
FILES_DIR = Path(env.text("FILES_DIR", default=str(VAR_DIR / "files")))
# The journal of erasures: beside the databases, shared by all machines, and in no backup of theirs.
REGISTER_DIR = Path(env.text("REGISTER_DIR", default=str(VAR_DIR / "register")))
# How long somebody who was erased is known again.
SUPPRESSION_DAYS = env.integer("SUPPRESSION_DAYS", default=3650)
FILE_UPLOAD_PERMISSIONS = 0o600
# A document of identity (10 MB at most) is never spooled to disk in the clear while it arrives.
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024
# tcp://host:3310 or unix:///path of clamd. Once set, no file is taken while it does not answer.
CLAMD_URL = env.text("CLAMD_URL", default="")
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [path for path in (BASE_DIR / "static",) if path.is_dir()]
# Hashed names need `collectstatic` first; demo and tests serve the sources as they are.
_plain_static = DEMO or env.boolean("PLAIN_STATIC", default=False)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(FILES_DIR)}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _plain_static
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = _plain_static

# --- browser ---------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": with it browsers send "Origin: null" and the CSRF check refuses every form over http.
# Nothing of an address reaches another origin either way.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would lose the session of whoever arrives from the mail
CSRF_COOKIE_HTTPONLY = True
CHOICE_COOKIE_NAME = "choice"  # of whoever chose about optional cookies, and of nobody else
CSRF_COOKIE_SAMESITE = "Lax"
if _https:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    # Balancers and the container's own probe speak plain HTTP.
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^healthz$", r"^metrics$"]
    if BEHIND_PROXY:
        # Only where a proxy of ours always sets or removes this header.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    LANGUAGE_COOKIE_SECURE = True
    CHOICE_COOKIE_NAME = "__Host-choice"
LANGUAGE_COOKIE_SAMESITE = "Lax"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- sign-in of staff -----------------------------------------------------------------------------------------------
# Accounts are made by `bootstrap` and in the admin only; requests_app/admin/urls.py lists the addresses that exist.
ACCOUNT_ADAPTER = "requests_app.admin.second_factor.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False  # signed in until the browser is closed
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key", "reauthenticate": "10/m/user"}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "requests_app.admin.second_factor.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = f"{ORGANISATION_NAME} privacy desk"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https  # browsers allow it on localhost only

# --- sign-in at a provider of OpenID Connect -------------------------------------------------------------------------
# Both optional: the controller's own sign-in for persons, and the organisation's provider for staff.
OPENID = {"person": env.openid("PERSON_OIDC"), "staff": env.openid("STAFF_OIDC")}
# Which roles a value of this claim gives. Empty: the provider gives none, they stay as the superuser set them.
STAFF_OIDC_ROLES = env.pairs("STAFF_OIDC_ROLES")
STAFF_OIDC_ROLES_CLAIM = env.text("STAFF_OIDC_ROLES_CLAIM", default="groups")
# Values of `acr` that mean a second factor at this provider; "mfa" in `amr` always does (RFC 8176).
STAFF_OIDC_ACR = env.names("STAFF_OIDC_ACR")

# --- logs ------------------------------------------------------------------------------------------------------------
# One JSON object a line. Messages name ids and codes; the formatter drops what could carry more (portal/logs.py).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "portal.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Django's own handlers are replaced: they would mail whole requests.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},
        "authlib": {"level": "INFO"},  # its DEBUG quotes what proves a sign-in
    },
}
