"""Admin: what was agreed to, as it was said."""

from hub.api.admin import ReadOnlyAdmin, TenantFilter
from hub.consent.models import Consent


class ConsentAdmin(ReadOnlyAdmin[Consent]):
    list_display = ("subscriber", "channel", "granted", "source", "given_at", "tenant")
    list_filter = ("channel", "granted", ("tenant", TenantFilter))
    list_select_related = ("subscriber", "tenant")
    id_lookups = ("pk", "subscriber_id")
    search_help_text = "The id of a subscriber."
    fields = (("tenant", "subscriber"), ("channel", "granted", "source"), ("given_at", "created_at"))
