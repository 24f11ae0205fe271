"""What holds everywhere: apps, walls, sign-in, queues. Places add their own in the sibling modules."""

from __future__ import annotations

from pathlib import Path

from pulse.demo import accounts
from pulse.settings import env

BASE_DIR = Path(__file__).resolve().parents[2]
PULSE_DATA = Path(env.text("PULSE_DATA", str(BASE_DIR / ".pulse")))

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
PULSE_ENCRYPTION_KEYS = env.text("PULSE_ENCRYPTION_KEYS")
PULSE_BASE_URL = env.text("PULSE_BASE_URL", "http://localhost:8000").rstrip("/")
PULSE_DEMO = env.flag("PULSE_DEMO", False)
PULSE_SELF_URL = env.text("PULSE_SELF_URL", PULSE_BASE_URL)
PULSE_SIGNUP = env.choice("PULSE_SIGNUP", ("", "open", "invite", "closed"), "")
PULSE_LOCATION = env.text("PULSE_LOCATION", "default")
# What a prober asks before it tells an outage: when none of them answers, it is its own network that is down.
# So many checks of one host and port may be under way at once in a worker; a slow one must not hold all of it.
PULSE_CHECKS_PER_DESTINATION = env.integer("PULSE_CHECKS_PER_DESTINATION", 250, 1, 10_000)
PULSE_PING_EMAIL_DOMAIN = env.text("PULSE_PING_EMAIL_DOMAIN").lower()
PULSE_PING_EMAIL_LISTEN = env.text("PULSE_PING_EMAIL_LISTEN")
PULSE_PING_EMAIL_SECRET = env.text("PULSE_PING_EMAIL_SECRET")
PULSE_PINGS_PER_SECOND = env.integer("PULSE_PINGS_PER_SECOND", 10, 1, 100_000)
# Series of numbers: how many an organisation and one monitor may have, and how long each sample is kept.
PULSE_SERIES_PER_ORGANISATION = env.integer("PULSE_SERIES_PER_ORGANISATION", 10_000, 1, 10_000_000)
PULSE_SERIES_PER_MONITOR = env.integer("PULSE_SERIES_PER_MONITOR", 2_000, 1, 1_000_000)
PULSE_HOSTS_PER_ORGANISATION = env.integer("PULSE_HOSTS_PER_ORGANISATION", 1_000, 0, 1_000_000)
PULSE_SAMPLES_KEPT_DAYS = env.integer("PULSE_SAMPLES_KEPT_DAYS", 7, 1, 90)
PULSE_CONTROL_TARGETS = env.endpoints("PULSE_CONTROL_TARGETS")
PULSE_ALLOW_PRIVATE_TARGETS = env.text("PULSE_ALLOW_PRIVATE_TARGETS")
PULSE_ALLOW_PRIVATE_WEBHOOKS = env.text("PULSE_ALLOW_PRIVATE_WEBHOOKS")
PULSE_NAMESERVERS = [part for part in env.text("PULSE_NAMESERVERS").split(",") if part]

EMAIL_URL = env.text("EMAIL_URL")
DEFAULT_FROM_EMAIL = env.text("PULSE_FROM_EMAIL", "Pulse <pulse@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_BACKEND = "notifications.mail.Backend"
# Where undeliverable mail comes back to, with the message's key behind a plus.
PULSE_BOUNCE_ADDRESS = env.text("PULSE_BOUNCE_ADDRESS")

# The installation's own account for texts and calls; a channel may have another.
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_FROM = env.text("TWILIO_FROM")
# The key that web push services know this installation by: its private half, as base64url of 32 bytes.
VAPID_PRIVATE_KEY = env.text("VAPID_PRIVATE_KEY")
# Other addresses for the interfaces of providers, by transport, or by one account of it; a stand-in for tests.
TWILIO_API_URL = env.text("TWILIO_API_URL")
PULSE_PROVIDER_URLS = {"twilio": TWILIO_API_URL} if TWILIO_API_URL else {}
if PULSE_DEMO:
    PULSE_PROVIDER_URLS |= accounts.provider_urls(PULSE_SELF_URL)

# Schemas: what people write lives in each organisation's own, what machines write in public.
SHARED_APPS = [
    "django.contrib.admin",  # before django_tenants, whose admin pages know only its own ways in
    "django_tenants",
    "tenants",
    "pulse.outbox",
    "monitors.telemetry",
    "notifications.ledger",
    "notifications.contacts",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_celery_beat",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "channels",
    "pulse",
]
TENANT_APPS = ["monitors", "incidents", "notifications"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "tenants.Organisation"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pulse.requests.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.TimeZoneMiddleware",
    "tenants.middleware.OrganisationMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "pulse.urls.public"
TENANT_URLCONF = "pulse.urls.organisation"
WSGI_APPLICATION = "pulse.wsgi.application"
ASGI_APPLICATION = "pulse.asgi.application"

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
                "csp.context_processors.nonce",
                "pulse.context.page",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "tenants.signup.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "tenants.forms.OrganisationSignupForm"
ACCOUNT_FORMS = {
    "login": "tenants.account_forms.SignInForm",
    "signup": "tenants.account_forms.SignUpForm",
    "reset_password": "tenants.account_forms.ResetPasswordForm",
    "reset_password_from_key": "tenants.account_forms.ResetPasswordKeyForm",
    "change_password": "tenants.account_forms.ChangePasswordForm",
    "set_password": "tenants.account_forms.SetPasswordForm",
    "reauthenticate": "tenants.account_forms.ReauthenticateForm",
    "add_email": "tenants.account_forms.ChangeEmailForm",
}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PULSE_BASE_URL.partition(":")[0]
SESSION_ENGINE = "tenants.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "pulse.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A list of a thousand monitors is pasted into a page. The API has limits of its own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["pulse.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["pulse.api.permissions.Scoped"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "pulse.api.negotiation.OnlyJSON",
    "DEFAULT_PARSER_CLASSES": ["pulse.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "pulse.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}

CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

# pulse.logs sets up logging, for the web, the workers and commands alike.
LOGGING_CONFIG = None

SPECTACULAR_SETTINGS = {
    "TITLE": "Pulse",
    "DESCRIPTION": "Monitors, incidents, channels and rules of one organisation, chosen by the key.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "pulse.api.document.without_slashes",
    ],
    "ENUM_NAME_OVERRIDES": {
        "MonitorKind": "pulse.api.schema.MONITOR_KINDS",
        "ChannelKind": "pulse.api.schema.CHANNEL_KINDS",
        "SeriesKind": "pulse.api.schema.SERIES_KINDS",
        "IncidentKind": "pulse.api.schema.incidents.KINDS",
        "IncidentState": "pulse.api.schema.incidents.STATES",
        "PublicState": "pulse.api.schema.incidents.PUBLIC_STATES",
        "OpenPublicState": "pulse.api.schema.incidents.OPEN_PUBLIC_STATES",
        "TimelineKind": "pulse.api.schema.incidents.ENTRY_KINDS",
        "SharedKind": "pulse.api.schema.incidents.SHARED_KINDS",
        "Severity": "pulse.api.schema.incidents.SEVERITIES",
        "DeliveryState": "pulse.api.schema.deliveries.STATES",
    },
    "COMPONENT_SPLIT_REQUEST": True,
}
