"""What providers post to us: receipts, replies by SMS, digits pressed in a call, buttons of a chat.

Each is signed by its provider, and nothing is written before that signature is checked.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import receipts, replies, signatures, tokens
from notifications.answering import Asked

FORM = "application/x-www-form-urlencoded"


@csrf_exempt  # a provider has no cookie; its signature stands for the request
@require_POST
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """Of one message: its status, or what somebody pressed during the call."""
    numbers = tokens.read(token, "receipt")
    if numbers is None:
        raise Http404
    if not signatures.twilio_sent(request, *numbers):
        return HttpResponse("The signature is not Twilio's.", status=403, content_type="text/plain")
    if request.GET.get("voice"):
        said = replies.pressed(*numbers, request.POST.get("Digits", ""))
        return HttpResponse(replies.spoken(said), content_type="application/xml")
    found, words = replies.twilio_status(request.POST)
    if found:
        receipts.report(*numbers, found, words)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def sms(request: HttpRequest) -> HttpResponse:
    """A reply to the installation's own number, or to that of a channel's own account."""
    told = _answered(request, request.POST.get("From", ""), request.POST.get("AccountSid", ""))
    if told is None:
        return HttpResponse("The signature is not Twilio's.", status=403, content_type="text/plain")
    said = replies.answered_by_sms(told, request.POST.get("Body", ""))
    return HttpResponse(replies.written(said), content_type="application/xml")


@csrf_exempt
@require_POST
def slack(request: HttpRequest) -> HttpResponse:
    """A button of a message that our Slack app posted."""
    is_form = (
        request.content_type == FORM
    )  # of any other kind the body, which is signed, would be gone by then
    pressed = replies.pressed_in_slack(request.POST.get("payload", "")) if is_form else None
    if pressed is None:
        return HttpResponse("This is no press of a button of ours.", status=400, content_type="text/plain")
    if not signatures.slack_sent(request, pressed.asked):
        return HttpResponse("The signature is not Slack's.", status=403, content_type="text/plain")
    return JsonResponse({"response_type": "in_channel", "text": replies.act_in_slack(pressed)})


def _answered(request: HttpRequest, number: str, account: str) -> list[Asked] | None:
    """What a reply from this number can be about, or None for a forged one.

    A channel's own account answers for what its own channels sent, and for nothing else: whoever owns it could
    sign a reply from any number.
    """
    if signatures.twilio_sent(request):
        return replies.told(number)
    sent = replies.told(number, account) if account else []
    return [
        asked for asked in sent if signatures.twilio_sent(request, asked.organisation.no, asked.delivery.no)
    ] or None
