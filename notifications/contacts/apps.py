from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "notifications.contacts"
    label = "contacts"
