"""`/v1/channels`: list, create (with the signing secret, this once), read, change, delete, rotate the secret."""

from __future__ import annotations

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import channels
from notifications.models import NotificationChannel
from notifications.transports import TRANSPORTS
from pulse.api import paging, schema, shapes
from pulse.api.base import View, find, lock
from pulse.api.problems import Conflict


class Channels(View):
    resource = "channels"

    @schema.describe_list("List channels", schema.Channel)
    def get(self, request: Request) -> Response:
        return paging.page(request, NotificationChannel.objects.all(), shapes.channel)

    @schema.describe("Create a channel", schema.CreatedChannel, body=schema.Channel, status=201)
    def post(self, request: Request) -> Response:
        channel, secret = channels.create(self.organisation, channels.read(request.data), self.actor)
        shown = shapes.channel(channel) | ({"secret": secret} if secret else {})
        return Response(shown, status=201, headers={"Location": shown["url"]})


class OneChannel(View):
    resource = "channels"

    @schema.describe("Read a channel", schema.Channel, errors=(404,))
    def get(self, request: Request, pk: str) -> Response:
        return Response(shapes.channel(find(NotificationChannel.objects.all(), pk)))

    @schema.describe("Change a channel", schema.Channel, body=schema.Channel, errors=(404,))
    @transaction.atomic
    def patch(self, request: Request, pk: str) -> Response:
        channel = lock(NotificationChannel.objects.all(), pk)
        values = channels.read(request.data, channel)
        return Response(shapes.channel(channels.update(self.organisation, channel, values, self.actor)))

    @schema.describe("Delete a channel", status=204, errors=(404,))
    @transaction.atomic
    def delete(self, request: Request, pk: str) -> Response:
        channels.delete(self.organisation, lock(NotificationChannel.objects.all(), pk), self.actor)
        return Response(status=204)


class Rotation(View):
    """Two secrets sign a webhook's messages while one takes the other's place."""

    resource = "channels"

    @schema.describe("Begin to rotate the signing secret", schema.CreatedChannel, errors=(404, 409))
    @transaction.atomic
    def post(self, request: Request, pk: str) -> Response:
        channel = lock(NotificationChannel.objects.all(), pk)
        if not TRANSPORTS[channel.kind].signs:
            raise Conflict("Messages of this kind are not signed, so there is no secret to rotate.")
        secret = channels.rotate(self.organisation, channel, self.actor)
        return Response(shapes.channel(channel) | {"secret": secret})

    @schema.describe("End the rotation of a signing secret", status=204, errors=(404,))
    @transaction.atomic
    def delete(self, request: Request, pk: str) -> Response:
        channels.end_rotation(self.organisation, lock(NotificationChannel.objects.all(), pk), self.actor)
        return Response(status=204)
