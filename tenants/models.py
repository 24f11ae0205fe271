"""Organisations, people, and how they find each other. All of it in the public schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django_tenants.models import TenantMixin

from pulse.ids import uuid7
from tenants.abilities import Ability, Role, may

if TYPE_CHECKING:
    from datetime import datetime

SLUG = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z",
    "Use 1 to 40 small letters, digits and hyphens, with a letter or digit at both ends.",
)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. May belong to several organisations; signs in once for all of them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, default="", help_text="Empty: the browser's.")
    is_staff = models.BooleanField("may use the site's admin", default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


class Organisation(TenantMixin):  # type: ignore[misc]  # untyped library
    """A tenant: a schema for what its people write, a number for what machines write about it."""

    class State(models.TextChoices):
        PROVISIONING = "provisioning"
        READY = "ready"
        SUSPENDED = "suspended"

    auto_create_schema = False
    no = models.AutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=40, unique=True, validators=[SLUG])
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=State, default=State.PROVISIONING)
    muted_until = models.DateTimeField(null=True, blank=True)
    muted_by = models.CharField(max_length=254, blank=True)
    results_kept_days = models.PositiveSmallIntegerField(
        null=True, blank=True
    )  # None: as the installation has it
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"/o/{self.slug}/"

    def muted_at(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now


class Membership(models.Model):
    """One person's role in one organisation."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation} as {self.role}"

    def may(self, ability: Ability) -> bool:
        return may(self.role, ability)


class Handle(models.Model):
    """Finds what a bare string from outside belongs to, in one look-up: (kind, key) → organisation, object.

    `key` is a SHA-256 in hex where the string is a secret, else the public slug itself.
    """

    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=64)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    object_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="handle_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.organisation_id}"


class ApiKey(models.Model):
    """A script's way in. Only the hash is kept; prefix and last four let people recognise it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16)
    last_four = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=32))
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…{self.last_four})"


class SignInLink(models.Model):
    """A link that signs one person in, once. Only its hash is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user_id}"
