"""Short addresses that go out with messages, and those that providers report to. Short: an SMS carries them."""

from django.urls import path

from notifications.views import answering, receiving

app_name = "telling"
urlpatterns = [
    path("a/<str:token>", answering.acknowledge, name="acknowledge"),
    path("r/<str:token>", receiving.receipt, name="receipt"),
    path("sms", receiving.sms, name="sms"),
    path("slack", receiving.slack, name="slack"),
]
