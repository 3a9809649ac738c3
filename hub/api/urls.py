"""Every address of the REST API."""

from django.urls import path, re_path, register_converter

from hub.api.converters import SegmentConverter
from hub.api.metrics import Metrics
from hub.api.openapi.views import Docs, OpenApi
from hub.api.views import Unknown, by_caller
from hub.audience.api import (
    SubscriberBulk,
    SubscriberDetail,
    SubscriberExport,
    SubscriberList,
)
from hub.audience.topic_api import OpenTopics, TopicDetail, TopicList, TopicMembers, TopicSubscription
from hub.callbacks.api import CallbackView
from hub.chat.api import SubscriberChat, SubscriberChats
from hub.consent.api import SubscriberConsents
from hub.content.api import EventTypeDetail, EventTypeList
from hub.content.template_api import (
    TemplateDetail,
    TemplateList,
    TemplatePreview,
    TemplatePublish,
    TemplateRollback,
    TemplateVersionDetail,
    TemplateVersions,
)
from hub.devices.api import OwnDevice, OwnDevices, SubscriberDevice, SubscriberDevices
from hub.fallback.api import (
    DeadLetterGroups,
    DeadLetterList,
    DeadLetterReplay,
    DeadLettersReplay,
    DeliveryDetail,
    DeliveryList,
    DeliveryRetry,
)
from hub.inbox.api import Inbox, InboxAck, InboxCounts, InboxEvents, InboxItemDetail, InboxMark, SubscriberInbox
from hub.notifications.after_api import (
    Analytics,
    InboxItemWhy,
    NotificationReplay,
    NotificationRetract,
    TemplateTest,
)
from hub.notifications.api import (
    NotificationCancel,
    NotificationCancelByKey,
    NotificationDetail,
    NotificationList,
    NotificationTimeline,
)
from hub.notifications.bulk_api import NotificationBulk
from hub.preferences.api import OwnPreferences, SubscriberPreferences
from hub.preferences.pages import Unsubscribe
from hub.preferences.unsubscribe import ROUTE
from hub.providers.api import ProviderDetail, ProviderKinds, ProviderList, ProviderTest
from hub.suppression.api import Suppressions
from hub.tenancy.api import (
    ApiKeyDetail,
    ApiKeyList,
    ApiKeyRotate,
    SigningKeyDetail,
    SigningKeyList,
    UserTokens,
    UserTokensRevoke,
)
from hub.tenancy.tenant_api import TenantClock, TenantDetail, TenantList
from hub.webhooks.api import (
    WebhookDeliveryDetail,
    WebhookDeliveryList,
    WebhookDetail,
    WebhookList,
    WebhookRedeliver,
    WebhookRotate,
    WebhookTest,
)

register_converter(SegmentConverter, "segment")

server = [
    path("notifications", NotificationList.as_view()),
    path("notifications/bulk", NotificationBulk.as_view()),
    path("notifications/cancel", NotificationCancelByKey.as_view()),
    path("notifications/<uuid:notification_id>", NotificationDetail.as_view()),
    path("notifications/<uuid:notification_id>/timeline", NotificationTimeline.as_view()),
    path("notifications/<uuid:notification_id>/cancel", NotificationCancel.as_view()),
    path("notifications/<uuid:notification_id>/retract", NotificationRetract.as_view()),
    path("notifications/<uuid:notification_id>/replay", NotificationReplay.as_view()),
    path("subscribers", SubscriberList.as_view()),
    path("subscribers/bulk", SubscriberBulk.as_view()),
    path("subscribers/<segment:external_id>", SubscriberDetail.as_view()),
    path("subscribers/<segment:external_id>/export", SubscriberExport.as_view()),
    path("subscribers/<segment:external_id>/inbox", SubscriberInbox.as_view()),
    path("subscribers/<segment:external_id>/preferences", SubscriberPreferences.as_view()),
    path("subscribers/<segment:external_id>/chat", SubscriberChats.as_view()),
    path("subscribers/<segment:external_id>/chat/<segment:kind>", SubscriberChat.as_view()),
    path("subscribers/<segment:external_id>/consents", SubscriberConsents.as_view()),
    path("subscribers/<segment:external_id>/devices", SubscriberDevices.as_view()),
    path("subscribers/<segment:external_id>/devices/<segment:device>", SubscriberDevice.as_view()),
    path("event-types", EventTypeList.as_view()),
    path("event-types/<segment:key>", EventTypeDetail.as_view()),
    path("templates", TemplateList.as_view()),
    path("templates/<segment:key>", TemplateDetail.as_view()),
    path("templates/<segment:key>/preview", TemplatePreview.as_view()),
    path("templates/<segment:key>/test", TemplateTest.as_view()),
    path("templates/<segment:key>/publish", TemplatePublish.as_view()),
    path("templates/<segment:key>/rollback", TemplateRollback.as_view()),
    path("templates/<segment:key>/versions", TemplateVersions.as_view()),
    path("templates/<segment:key>/versions/<segment:number>", TemplateVersionDetail.as_view()),
    path("topics", by_caller(server=TopicList, user=OpenTopics)),
    path("topics/<segment:key>", TopicDetail.as_view()),
    path("topics/<segment:key>/members", TopicMembers.as_view()),
    path("suppressions", Suppressions.as_view()),
    path("api-keys", ApiKeyList.as_view()),
    path("api-keys/<uuid:key_id>", ApiKeyDetail.as_view()),
    path("api-keys/<uuid:key_id>/rotate", ApiKeyRotate.as_view()),
    path("signing-keys", SigningKeyList.as_view()),
    path("signing-keys/<uuid:key_id>", SigningKeyDetail.as_view()),
    path("tenants", TenantList.as_view()),
    path("tenants/<segment:slug>", TenantDetail.as_view()),
    path("tenants/<segment:slug>/clock", TenantClock.as_view()),
    path("user-tokens", UserTokens.as_view()),
    path("user-tokens/revoke", UserTokensRevoke.as_view()),
    path("providers", ProviderList.as_view()),
    path("providers/<segment:key>", ProviderDetail.as_view()),
    path("providers/<segment:key>/test", ProviderTest.as_view()),
    path("provider-kinds", ProviderKinds.as_view()),
    path("analytics", Analytics.as_view()),
    path("metrics", Metrics.as_view()),
    path("dead-letters", DeadLetterList.as_view()),
    path("deliveries", DeliveryList.as_view()),
    path("deliveries/<uuid:delivery_id>", DeliveryDetail.as_view()),
    path("deliveries/<uuid:delivery_id>/retry", DeliveryRetry.as_view()),
    path("dead-letters/groups", DeadLetterGroups.as_view()),
    path("dead-letters/replay", DeadLettersReplay.as_view()),
    path("dead-letters/<uuid:delivery_id>/replay", DeadLetterReplay.as_view()),
    path("webhooks", WebhookList.as_view()),
    path("webhooks/<uuid:webhook_id>", WebhookDetail.as_view()),
    path("webhooks/<uuid:webhook_id>/rotate", WebhookRotate.as_view()),
    path("webhooks/<uuid:webhook_id>/test", WebhookTest.as_view()),
    path("webhooks/<uuid:webhook_id>/redeliver", WebhookRedeliver.as_view()),
    path("webhooks/<uuid:webhook_id>/deliveries", WebhookDeliveryList.as_view()),
    path("webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>", WebhookDeliveryDetail.as_view()),
]
user = [
    path("inbox", Inbox.as_view()),
    path("inbox/counts", InboxCounts.as_view()),
    path("inbox/events", InboxEvents.as_view()),
    path("inbox/mark", InboxMark.as_view()),
    path("inbox/ack", InboxAck.as_view()),
    path("inbox/<uuid:item_id>", InboxItemDetail.as_view()),
    path("inbox/<uuid:item_id>/why", InboxItemWhy.as_view()),
    path("topics/<segment:key>/subscription", TopicSubscription.as_view()),
    path("devices", OwnDevices.as_view()),
    path("devices/<segment:device>", OwnDevice.as_view()),
    path("preferences", OwnPreferences.as_view()),
]

public = [
    path("openapi.json", OpenApi.as_view()),
    path("docs", Docs.as_view()),
    path("callbacks/<segment:account>/<segment:token>", CallbackView.as_view()),
]
# for people, and for the services that click for them
pages = [path("unsubscribe/<str:token>", Unsubscribe.as_view(), name=ROUTE)]

urlpatterns = [*server, *user, *public, *pages, re_path("", Unknown.as_view())]
