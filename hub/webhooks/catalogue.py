"""Every type of event that a webhook can be told, by the name that it is subscribed by."""

EVENTS = {
    "notification.accepted": "It was accepted, and will be carried out now or at its `send_at`.",
    "notification.rescheduled": "Its `send_at` or `expires_at` was changed before it started.",
    "notification.processed": "Everybody it was meant for has an item in the inbox.",
    "notification.cancelled": "It was cancelled before it started.",
    "notification.retracted": "It was withdrawn.",
    "item.seen": "It was on the subscriber's screen.",
    "item.read": "The subscriber has read it; it may have been unseen until then.",
    "item.unread": "The subscriber marked it unread again.",
    "item.archived": "The subscriber archived it.",
    "item.unarchived": "The subscriber brought it back from the archive.",
    "item.snoozed": "The subscriber put it off until `snoozed_until`.",
    "item.unsnoozed": "The subscriber brought it back before that.",
    "item.deleted": "The subscriber deleted it.",
    "item.acted": "The subscriber chose the `action`; reading is part of it.",
    "delivery.sent": "A provider took it, or a copy of it for at least one address.",
    "delivery.dead": "It is given up, for the `reason`; it can be replayed.",
    "delivery.delivered": "The provider says that it has arrived.",
    "delivery.failed": "The provider took it, and could not deliver it after all.",
    "delivery.bounced": "The receiving server refused it.",
    "delivery.complained": "Its reader calls it spam.",
    "delivery.opened": "A mail was opened, as far as that can be told.",
    "delivery.clicked": "A link in it was followed.",
    "webhook.test": "Somebody asked for a test. It comes whatever the endpoint subscribes to.",
}
TEST = "webhook.test"

# what a mark does, by its op
MARKS = {
    "seen": "item.seen",
    "read": "item.read",
    "unread": "item.unread",
    "archive": "item.archived",
    "unarchive": "item.unarchived",
    "snooze": "item.snoozed",
    "unsnooze": "item.unsnoozed",
    "delete": "item.deleted",
    "act": "item.acted",
}


def is_pattern(text: str) -> bool:
    """Whether this is `*`, a type, or a prefix with a star such as `item.*`, of something that there is."""
    return text in EVENTS or (text.endswith("*") and any(name.startswith(text[:-1]) for name in EVENTS))
