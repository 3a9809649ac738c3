"""Django's admin: every concept registers its own pages."""

from django.contrib import admin

from hub.audience.admin import SubscriberAdmin, TopicAdmin
from hub.audience.models import Subscriber, Topic
from hub.chat.admin import ChatAddressAdmin
from hub.chat.models import ChatAddress
from hub.consent.admin import ConsentAdmin
from hub.consent.models import Consent
from hub.content.admin import EventTypeAdmin, TemplateAdmin, TemplateVersionAdmin
from hub.content.models import EventType, Template, TemplateVersion
from hub.devices.admin import DeviceAdmin
from hub.devices.models import Device
from hub.fallback.admin import DeadLetterAdmin, DeliveryAdmin
from hub.fallback.models import DeadLetter, Delivery
from hub.notifications.admin import NotificationAdmin
from hub.notifications.models import Notification
from hub.providers.admin import ProviderAdmin
from hub.providers.models import Provider
from hub.suppression.admin import SuppressionAdmin
from hub.suppression.models import Suppression
from hub.tenancy.admin import ApiKeyAdmin, SigningKeyAdmin, TenantAdmin
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from hub.webhooks.admin import WebhookAdmin, WebhookDeliveryAdmin
from hub.webhooks.models import Webhook, WebhookDelivery

admin.site.register(Tenant, TenantAdmin)
admin.site.register(ApiKey, ApiKeyAdmin)
admin.site.register(SigningKey, SigningKeyAdmin)
admin.site.register(Subscriber, SubscriberAdmin)
admin.site.register(Topic, TopicAdmin)
admin.site.register(Device, DeviceAdmin)
admin.site.register(ChatAddress, ChatAddressAdmin)
admin.site.register(Suppression, SuppressionAdmin)
admin.site.register(Consent, ConsentAdmin)
admin.site.register(EventType, EventTypeAdmin)
admin.site.register(Template, TemplateAdmin)
admin.site.register(TemplateVersion, TemplateVersionAdmin)
admin.site.register(Provider, ProviderAdmin)
admin.site.register(Notification, NotificationAdmin)
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(DeadLetter, DeadLetterAdmin)
admin.site.register(Webhook, WebhookAdmin)
admin.site.register(WebhookDelivery, WebhookDeliveryAdmin)
