"""Pages of channels, rules and deliveries, and the parts of them that a live page asks for again."""

from django.urls import path

from notifications.views import channels, deliveries, drills, explaining, policies, rules

app_name = "notifications"
urlpatterns = [
    path("channels/", channels.channel_list, name="channels"),
    path("channels/table/", channels.table, name="channels-table"),
    path("channels/new/", channels.choose_kind, name="channel-kind"),
    path("channels/new/<slug:kind>/", channels.create, name="channel-create"),
    path("channels/<uuid:pk>/", channels.edit, name="channel-edit"),
    path("channels/<uuid:pk>/test/", channels.test, name="channel-test"),
    path("channels/<uuid:pk>/rotation/", channels.rotate, name="channel-rotate"),
    path("channels/<uuid:pk>/rotation/end/", channels.end_rotation, name="channel-end-rotation"),
    path("channels/<uuid:pk>/health/", channels.health, name="channel-health"),
    path("channels/<uuid:pk>/deletion/", channels.delete, name="channel-delete"),
    path("rules/", rules.rule_list, name="rules"),
    path("rules/table/", rules.table, name="rules-table"),
    path("rules/new/", rules.create, name="rule-create"),
    path("rules/<uuid:pk>/", rules.edit, name="rule-edit"),
    path("rules/<uuid:pk>/deletion/", rules.delete, name="rule-delete"),
    path("rules/policies/", policies.policy_list, name="policies"),
    path("rules/policies/new/", policies.create, name="policy-create"),
    path("rules/policies/<uuid:pk>/", policies.edit, name="policy-edit"),
    path("rules/policies/<uuid:pk>/deletion/", policies.delete, name="policy-delete"),
    path("rules/drills/", drills.drill_list, name="drills"),
    path("rules/drills/<uuid:pk>/", drills.drill, name="drill"),
    path("monitors-told/<uuid:pk>/", rules.told, name="told"),
    path("deliveries/", deliveries.delivery_list, name="deliveries"),
    path("deliveries/table/", deliveries.table, name="deliveries-table"),
    path("deliveries/incident/<uuid:pk>/", deliveries.of_incident, name="incident-deliveries"),
    path("deliveries/<uuid:pk>/why/", explaining.explain, name="delivery-why"),
    path("deliveries/<uuid:pk>/resending/", deliveries.resend, name="delivery-resend"),
]
