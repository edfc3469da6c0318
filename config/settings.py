"""All settings of the portal, read from the environment.

Every value has a default that works for development, secrets excepted. A secret may
also be given as the path of a file in `<NAME>_FILE`.
"""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config.logs import JSON, LineFormatter

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

# --- where things are -------------------------------------------------------------
VAR = Path(env("VAR", default=str(BASE_DIR / "var"))).resolve()
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
SECRET_KEY = env("SECRET_KEY", default="")
# Keys of before: what they signed still holds.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Behind TLS: cookies are Secure, http is redirected, HSTS is sent.
HTTPS = env.bool("HTTPS", default=False)
INSTANCE = env("PORTAL_INSTANCE", default="")
# How many proxies of our own stand before us; 0 believes no X-Forwarded-For (AN-03).
PROXIES = env.int("PROXIES", default=0)

if not SECRET_KEY:
    if not (key_file := VAR / "secret_key").exists():
        raise ImproperlyConfigured(
            "SECRET_KEY is not set: run `make setup`, or set SECRET_KEY or SECRET_KEY_FILE."
        )
    SECRET_KEY = key_file.read_text().strip()

# --- applications -----------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.PortalConfig",
    "analytics",
    "points",
    "learning",
    "activities",
    "community",
    "feedback",
    "members",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django_linear_migrations",
    "config.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pghistory",
    "pgtrigger",
    "axes",
    "guardian",
    "django_filters",
    "django_htmx",
    "template_partials",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "members.middleware.note_origin",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.private_pages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.chosen_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "members.middleware.note_refusals",
    "members.middleware.session_limits",
    "members.middleware.signed_in_everywhere",
    "members.middleware.history_context",
    "members.middleware.before_entry",
    "members.middleware.busy",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
                "config.shell.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
                "config.components",
            ],
        },
    }
]

# --- database, cache, jobs --------------------------------------------------------
# Two roles: the owner migrates, the runner serves and owns nothing.
DATABASE_ROLE = env("DATABASE_ROLE", default="runner")
_database = "DATABASE_OWNER_URL" if DATABASE_ROLE == "owner" else "DATABASE_URL"
DATABASES = {
    "default": env.db(
        _database, default=env("DATABASE_URL", default="postgresql:///portal")
    )
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
# The name of the running role, so that migrations can take rights from it.
DATABASE_RUNNER = env("DATABASE_RUNNER", default="portal_runner")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env("CACHE_PREFIX", default="portal"),
        "OPTIONS": {
            # Not pickle: what lies there must not be able to run (OP-06).
            "serializer": "django.core.signing.JSONSerializer",
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,
        },
    }
}

# Celery wants its own scheme for a socket.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# How long a worker may hold a task before the broker takes it for lost, and how often it
# looks: a task whose whole worker was killed comes back within the sum (RL-06).
BROKER_VISIBILITY_SECONDS = env.int("BROKER_VISIBILITY_SECONDS", default=900)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": BROKER_VISIBILITY_SECONDS,
    "unacked_restore_interval": env.int("BROKER_SWEEP_SECONDS", default=30),
    "unacked_restore_throttle": 1,
    # A broker that hangs must not hang a page; longer than a worker's wait for work, 1 s.
    "socket_connect_timeout": 1,
    "socket_timeout": 3,
}
# When a task that was sent and did not end is sent again: after the broker forgot it.
OUTBOX_RESEND_AFTER = timedelta(seconds=BROKER_VISIBILITY_SECONDS + 300)
OUTBOX_DRAIN_SECONDS = env.int("OUTBOX_DRAIN_SECONDS", default=10)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # workers log as the web does
CELERY_TASK_TIME_LIMIT = 840
CELERY_TASK_SOFT_TIME_LIMIT = 780
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_TASK_ALWAYS_EAGER", default=False)


def every(seconds: int, task: str, app: str = "members") -> dict:
    """An entry of the schedule; while no worker lives such tasks do not pile up."""
    options = {"expires": max(seconds, 30)}
    return {"task": f"{app}.tasks.{task}", "schedule": seconds, "options": options}


def nightly(hour: int, minute: int, task: str, app: str = "members") -> dict:
    """An entry for once a night. The task itself sees to it that it is done once."""
    schedule = crontab(hour=hour, minute=minute)
    return {"task": f"{app}.tasks.{task}", "schedule": schedule}


CELERY_BEAT_SCHEDULE: dict[str, dict] = {
    "tidy_rosters": every(300, "tidy_rosters"),
    "drain_outbox": every(OUTBOX_DRAIN_SECONDS, "drain_outbox"),
    "seal_audit": every(5, "seal_audit"),
    "watch": every(60, "watch"),
    "anchor_audit": nightly(1, 0, "anchor_audit"),
    "verify_audit": nightly(1, 30, "verify_audit"),
    "tidy_outbox": nightly(3, 0, "tidy_outbox"),
    "tidy_sign_ins": nightly(3, 20, "tidy_sign_ins"),
    "switch_off_unused": nightly(3, 40, "switch_off_unused"),
    "note_branch_sizes": nightly(0, 10, "note_branch_sizes", "activities"),
    "remind_of_activities": every(600, "remind_of_activities", "activities"),
    "tidy_sign_ups": nightly(3, 50, "tidy_sign_ups", "activities"),
    "remind_of_duties": nightly(7, 30, "remind_of_duties", "activities"),
}

# From which hour to which, in Shanghai, people are reminded of activities.
REMIND_FROM_HOUR = env.int("REMIND_FROM_HOUR", default=8)
REMIND_UNTIL_HOUR = env.int("REMIND_UNTIL_HOUR", default=20)

# --- people and access ------------------------------------------------------------
AUTH_USER_MODEL = "members.User"
AUTHENTICATION_BACKENDS = ["members.backends.PortalBackend"]
ANONYMOUS_USER_NAME = None  # guardian: nobody signed out holds a grant
GUARDIAN_MONKEY_PATCH_USER = False
LOGIN_URL = reverse_lazy("members:sign_in")
LOGIN_REDIRECT_URL = reverse_lazy("desk")
LOGOUT_REDIRECT_URL = reverse_lazy("members:sign_in")
# A check by 600,000 rounds costs about 0.25 s of a core (CR-10).
PASSWORD_HASH = env("PASSWORD_HASH", default="sm3")  # or argon2
PASSWORD_ROUNDS = env.int("PASSWORD_ROUNDS", default=600_000)
PASSWORD_HASHERS = [
    "members.hashing.SM3PasswordHasher",
    "members.hashing.Argon2idPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # hashes of before
]
if PASSWORD_HASH == "argon2":  # noqa: S105  a name
    PASSWORD_HASHERS[:2] = reversed(PASSWORD_HASHERS[:2])
elif PASSWORD_HASH != "sm3":  # noqa: S105
    raise ImproperlyConfigured("PASSWORD_HASH is sm3 or argon2.")
# SEC-25: what is asked of administrators more than of others.
ADMINISTRATOR_PASSWORD_CLASSES = env.int("ADMINISTRATOR_PASSWORD_CLASSES", default=3)
ADMINISTRATOR_PASSWORD_DAYS = env.int("ADMINISTRATOR_PASSWORD_DAYS", default=90)
PASSWORDS_REMEMBERED = env.int("PASSWORDS_REMEMBERED", default=5)
PASSWORD_CONTEXT_WORDS = env.list("PASSWORD_CONTEXT_WORDS", default=[])
FIRST_PASSWORD_DAYS = env.int("FIRST_PASSWORD_DAYS", default=14)
# Accounts of officers and administrators unused for so long are switched off (SEC-29);
# 0 leaves them.
UNUSED_ACCOUNT_DAYS = env.int("UNUSED_ACCOUNT_DAYS", default=90)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "members.passwords.ContextWordsValidator"},
    {"NAME": "members.passwords.CompositionValidator"},
    {"NAME": "members.passwords.HistoryValidator"},
]
# Officers and administrators sign in with a code of their phone too (SEC-28, AN-06).
SECOND_FACTOR = env.bool("SECOND_FACTOR", default=True)
CONFIRMATION_MINUTES = 10  # for how long a password that was given counts (AN-10)

# Wrong tries, counted in the database (AN-02); members/services/lock_out.py.
LOCK_OUT_MINUTES = env.int("LOCK_OUT_MINUTES", default=15)
LOCK_OUT_TRIES = {
    "account and address": env.int("LOCK_OUT_TRIES", default=5),
    "account": env.int("LOCK_OUT_TRIES_OF_ACCOUNT", default=20),
    "address": env.int("LOCK_OUT_TRIES_OF_ADDRESS", default=100),
}
AXES_HANDLER = "members.backends.LockOutHandler"
AXES_CLIENT_IP_CALLABLE = "members.origin.client_address"
AXES_LOCKOUT_CALLABLE = "members.views.sign_in.locked_out"
AXES_COOLOFF_TIME = timedelta(minutes=LOCK_OUT_MINUTES)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# The pages a signed-out person may open, by URL name (AZ-02: at most 12).
PUBLIC_PAGES = frozenset(
    {
        "healthz",
        "readyz",
        "set_language",
        "members:sign_in",
        "members:elder_view",
        "admin:login",
        "activities:calendar_feed",  # opened by its secret
    }
)

# --- sessions: unused for so long, or so old, they end on the server (SEC-26, AN-05) ---
SESSION_ENGINE = "members.sessions"
SESSION_IDLE_MINUTES = {
    "member": env.int("SESSION_IDLE_MINUTES", default=30),
    "officer": env.int("SESSION_IDLE_MINUTES_OFFICER", default=30),
    "administrator": env.int("SESSION_IDLE_MINUTES_ADMINISTRATOR", default=15),
}
SESSION_HOURS = {
    "member": env.int("SESSION_HOURS", default=12),
    "officer": env.int("SESSION_HOURS_OFFICER", default=12),
    "administrator": env.int("SESSION_HOURS_ADMINISTRATOR", default=8),
}
SESSION_COOKIE_AGE = 60 * 60 * max(SESSION_HOURS.values())
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
if HTTPS:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": (),
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}

# Sealed fields (G4): see members/sealing.py and docs/keys.md. The key-encrypting key
# comes from the first of the three places that is set.
SEALING_KEY_FILE = env("SEALING_KEY_FILE", default=str(VAR / "keys" / "ring.json"))
SEALING_KEK = os.environ.get("SEALING_KEK", "")
SEALING_KEK_COMMAND = env("SEALING_KEK_COMMAND", default="")
SEALING_KEK_FILE = env("SEALING_KEK_FILE", default=str(VAR / "keys" / "kek"))
SEALING_CIPHER = env("SEALING_CIPHER", default="sm4")

# Where the end of the audit log is noted every day: keep it on another machine (AU-03).
AUDIT_ANCHORS = env("AUDIT_ANCHORS", default=str(VAR / "audit" / "anchors.jsonl"))

# --- what leaves the portal -------------------------------------------------------
# No mail leaves unless a server is named, as in smtp+tls://user:…@mail.example:587
EMAIL_URL = env("EMAIL_URL", default="")
vars().update(env.email_url_config(EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("EMAIL_FROM", default="portal@localhost")
# Where people open the portal, for links in mail; never taken from a request (AN-08).
PORTAL_URL = env("PORTAL_URL", default="").rstrip("/")
# The only hosts the portal itself speaks to, by name (IN-08).
WEBHOOK_HOSTS = env.list(
    "WEBHOOK_HOSTS",
    default=["qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn"],
)
MAIL_CODES_PER_HOUR = 5

# --- alarms (AU-06) ---------------------------------------------------------------
LOCK_OUTS_PER_HOUR = env.int("LOCK_OUTS_PER_HOUR", default=20)
WATCHED_FOLDERS = env.list("WATCHED_FOLDERS", default=[str(VAR)])
DISK_FREE_PERCENT = env.int("DISK_FREE_PERCENT", default=5)

# --- administration ---------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": _("Branch Portal"),
    "SITE_HEADER": _("Branch Portal"),
    "SITE_SUBHEADER": _("Administration"),
    "SITE_URL": reverse_lazy("desk"),
    "SITE_SYMBOL": "flag",
    "THEME": "light",
    "BORDER_RADIUS": None,
    "SHOW_BACK_BUTTON": True,
}
# A file that waits to be confirmed stays in the cache: web processes hold no state.
IMPORT_EXPORT_TMP_STORAGE_CLASS = "members.admin.exchange.WaitingFile"
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- languages and time -----------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- static files -----------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env("STATIC_ROOT", default=str(VAR / "static"))
STATICFILES_DIRS = [("portal", BASE_DIR / "static" / "dist")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env(
            "STATICFILES_STORAGE",
            default="whitenoise.storage.CompressedManifestStaticFilesStorage",
        )
    },
}
MEDIA_ROOT = VAR / "media"

# --- forms and uploads ------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
IMPORT_MAX_BYTES = 32 * 1024 * 1024
IMPORT_MAX_ROWS = 100_000
# What reading one roster may take, in a process of its own (UP-05).
IMPORT_READ_SECONDS = 60
IMPORT_READ_BYTES = 512 * 1024 * 1024
# An upload stays in memory: on disk it would lie readable (CR-01).
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = IMPORT_MAX_BYTES + 64 * 1024
# How long a village posts a decision and its result, unless said otherwise (KIND-01).
PUBLICATION_DAYS = env.int("PUBLICATION_DAYS", default=7)
EXPORT_MAX_ROWS = 50_000
CODE_TABLE_MAX_BYTES = 1024 * 1024
ROLL_INQUIRIES_PER_HOUR = 20
REVEALS_PER_HOUR = 30
# Every upload goes through it before it is opened: tcp://host:3310 or unix:///path of a
# clamd; empty for none (UP-07).
UPLOAD_SCANNER = env("UPLOAD_SCANNER", default="")

# How often an account, and an address for all its accounts, may do something (OP-08).
RATES = {
    "search": env("RATE_OF_SEARCHES", default="240/min"),
    "search_of_address": env("RATE_OF_SEARCHES_OF_ADDRESS", default="2400/min"),
    "upload": env("RATE_OF_UPLOADS", default="60/hour"),
    "upload_of_address": env("RATE_OF_UPLOADS_OF_ADDRESS", default="600/hour"),
    "export": env("RATE_OF_EXPORTS", default="60/hour"),
    "export_of_address": env("RATE_OF_EXPORTS_OF_ADDRESS", default="600/hour"),
}

# --- what strangers are told (OP-03) ------------------------------------------------
# /readyz says which part is not ready, and not only that one is not.
READYZ_DETAILS = env.bool("READYZ_DETAILS", default=not HTTPS)
# Where the administration may be entered from, as in 10.1.0.0/16; empty: from anywhere.
ADMIN_NETWORKS = [ip_network(text) for text in env.list("ADMIN_NETWORKS", default=[])]

# --- API --------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "members.api_tokens.TokenAuthentication",
        "members.api_tokens.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["members.api_tokens.MayUseApi"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.bodies.BoundedJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["config.lists.DeclaredFilters"],
    "DEFAULT_PAGINATION_CLASS": "config.lists.KeysetPages",
    "DEFAULT_THROTTLE_CLASSES": [
        "config.throttles.AddressThrottle",
        "config.throttles.AccountThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "account": env("API_RATE_OF_ACCOUNT", default="600/min"),
        "address": env("API_RATE_OF_ADDRESS", default="1800/min"),
    },
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "config.problems.problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": _("Branch Portal"),
    "DESCRIPTION": _(
        "Branches, members and appointments, with the same access as the pages. Sign a "
        "request with a token of your account, in the header Authorization."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["members.api_tokens.MayUseApi"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "persistAuthorization": False,
        "validatorUrl": None,
        "filter": True,  # of so many routes only those in sight stand in the page
    },
    "ENUM_NAME_OVERRIDES": {
        "MemberState": "members.models.Member.State",
        "CorrectionState": "members.models.Correction.State",
        "SignUpState": "activities.models.SignUp.State",
        "BasisOfOffice": "members.models.Appointment.Basis",
        "BasisOfData": "members.services.own_kinds.Basis",
        "ActivityKind": "activities.models.Activity.Kind",
        "ProgramState": "activities.models.Program.State",
        "ProgramItemKind": "activities.models.ProgramItem.Kind",
        "AttendanceState": "activities.models.Attendance.State",
        "MinutesState": "activities.models.Minutes.State",
        "MinutesFileKind": "activities.models.MinutesFile.Kind",
        "LifePointKind": "activities.models.LifePoint.Kind",
        "FollowUpKind": "activities.models.FollowUp.Kind",
        "ElectionKind": "activities.models.Election.Kind",
        "ActivityState": "activities.models.Activity.State",
        "AppraisalStep": "activities.models.AppraisalRound.Step",
        "AppraisalPoll": "activities.models.AppraisalRound.Poll",
        "AppraisalBody": "activities.models.AppraisalRound.Body",
        "AppraisalGrade": "activities.models.Grade",
        "BodyEnum": "members.models.StateChange.Body",
        "StepEnum": "activities.models.FlowStep.Step",
        "BranchKind": "members.models.Branch.Kind",
        "QuestionKind": "activities.models.SignUpQuestion.Kind",
        "Occupation": "members.code_tables.OCCUPATION.choices",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.schema.add_problems",
    ],
}

# Guardian's own backend knows no dates: ours reads its tables (members/access.py).
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]

# --- logs -------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": LineFormatter}, "json": JSON},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env("LOG_FORMAT", default="line"),
        }
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
}

if os.environ.get("PYTEST_VERSION"):
    REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = RATES = {}
    PASSWORD_ROUNDS = 10
    STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
