"""Why a delivery is in its state: stable codes, shown in timelines and lists, with a sentence for people."""

# cancelled: what made it pointless
FOCUSED = "focused"
SEEN = "seen"
READ = "read"
RETRACTED = "retracted"
EXPIRED = "expired"
NOTIFICATION_CANCELLED = "notification_cancelled"
TENANT_SUSPENDED = "tenant_suspended"

# skipped: nothing to send it to, or not wanted
NO_DESTINATION = "no_destination"
PREFERENCE_OFF = "preference_off"
SUPPRESSED = "suppressed"
NO_CONSENT = "no_consent"

# waiting again after a failed attempt
RETRYING = "retrying"
# waiting: nobody was called
PROVIDER_RESTING = "provider_resting"

# waiting for the hours in which it may be sent
OUTSIDE_HOURS = "outside_hours"

# dead: an operator may replay it
PERMANENT = "permanent"
ADDRESS_DEAD = "address_dead"
CONFIGURATION = "configuration"
RETRIES_EXHAUSTED = "retries_exhausted"
AMBIGUOUS = "ambiguous"
CONTENT = "content"
OPERATOR = "operator"
DEAD = (ADDRESS_DEAD, AMBIGUOUS, CONFIGURATION, CONTENT, OPERATOR, PERMANENT, RETRIES_EXHAUSTED)

SENTENCES = {
    FOCUSED: "The subscriber was looking at the inbox.",
    SEEN: "The subscriber has seen it in the app.",
    READ: "The subscriber has read it in the app.",
    RETRACTED: "The notification was withdrawn.",
    EXPIRED: "The notification has expired.",
    NOTIFICATION_CANCELLED: "The notification was cancelled.",
    TENANT_SUSPENDED: "The tenant is suspended.",
    NO_DESTINATION: "The subscriber has no address on this channel.",
    PREFERENCE_OFF: "The subscriber has switched this channel off for the category.",
    SUPPRESSED: "The address is on the suppression list.",
    NO_CONSENT: "The owner of the number has not agreed to text messages.",
    OUTSIDE_HOURS: "It waits for the hours in which it may be sent.",
    RETRYING: "The last attempt failed; it will be tried again.",
    PROVIDER_RESTING: "The provider is at rest or has enough to do; it is called as soon as it takes more.",
    PERMANENT: "The provider will never accept this message.",
    ADDRESS_DEAD: "The address does not exist or refuses mail.",
    CONFIGURATION: "The provider refused the hub itself (credentials, sender or settings), or no account reaches this address.",
    RETRIES_EXHAUSTED: "Every attempt failed.",
    AMBIGUOUS: "It may or may not have arrived; another copy is not risked.",
    CONTENT: "Its words could not be rendered in the subscriber's language.",
    OPERATOR: "An operator gave it up.",
}

# the same to the subscriber: what is about them, and nothing of how the hub is run
TO_THE_SUBSCRIBER = {
    FOCUSED: "you were looking at the inbox.",
    SEEN: "you had seen it in the app.",
    READ: "you had read it in the app.",
    EXPIRED: "it had expired.",
    NO_DESTINATION: "there is no address of yours for it.",
    PREFERENCE_OFF: "you have switched it off for this category.",
    NO_CONSENT: "you have not agreed to get text messages.",
    SUPPRESSED: "your address refused an earlier message, or you asked for no more of them.",
}
