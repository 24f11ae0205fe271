"""What the demo watches, and what it tells: a shop, and receivers of each kind with their providers."""

from django.urls import path, re_path

from pulse.demo import chat, phone, slack, twilio, views
from pulse.demo.accounts import TWILIO

app_name = "demo"
urlpatterns = [
    path("", views.front, name="front"),
    path("shop", views.shop, name="shop"),
    path("receiver/", views.receiver, name="receiver"),
    path("phone/", phone.page, name="phone"),
    path("phone/reply/", phone.reply, name="phone-reply"),
    path("phone/<int:number>/key/", phone.press, name="phone-key"),
    path("chat/", chat.page, name="chat"),
    path("chat/<int:number>/press/", chat.press, name="chat-press"),
    re_path(
        rf"^twilio/2010-04-01/Accounts/{TWILIO}/(?P<kind>Messages|Calls)\.json$", twilio.api, name="twilio"
    ),
    re_path(r"^slack/(?P<method>chat\.(?:postMessage|update))$", slack.api, name="slack"),
]
