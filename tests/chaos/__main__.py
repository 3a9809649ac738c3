"""`python -m tests.chaos`: the fault programme."""

import sys

from tests.bench.programme import main
from tests.chaos import (
    apns,
    bad_frames,
    bad_input,
    cut,
    frames,
    generated,
    idempotency,
    install,
    kill,
    opposite_orders,
    redis_outage,
    revocation,
    rolling_restart,
    rows,
    strangers,
    templates,
    webhooks,
)

CHECKS = {
    "apns_errors": apns.errors,
    "apns_tokens": apns.tokens,
    "bad_frames": bad_frames.run,
    "bad_input": bad_input.run,
    "cut": cut.run,
    "frames": frames.run,
    "generated": generated.run,
    "devices": rows.check(
        "devices", "tests/devices", "tests/fallback/test_devices.py", "tests/deliveries/test_withdrawals.py"
    ),
    "install": install.run,
    "opposite_orders": opposite_orders.run,
    "redis_outage": redis_outage.run,
    "kill": kill.run,
    "revocation": revocation.run,
    "rolling_restart": rolling_restart.run,
    "idempotency": idempotency.run,
    "strangers": strangers.run,
    "suppression": rows.check(
        "suppression",
        "tests/callbacks",
        "tests/consent",
        "tests/deliveries/test_texts.py",
        "tests/fallback/test_hours.py",
        "tests/fallback/test_refusals.py",
        "tests/suppression",
    ),
    "templates": templates.run,
    "injections": rows.check(
        "injections",
        "tests/content/test_injection.py",
        "tests/content/test_liquid.py",
        "tests/content/test_safety.py",
        "tests/deliveries/providers/test_chat.py",
        "tests/deliveries/providers/test_injection.py",
        "tests/deliveries/providers/test_mail_message.py",
    ),
    "privacy": rows.check("privacy", "tests/deliveries/test_privacy.py", "tests/logs/test_privacy.py"),
    "providers": rows.check(
        "providers", "tests/deliveries/providers/test_table.py", "tests/deliveries/providers/test_chat.py"
    ),
    "ssrf": rows.check("ssrf", "tests/deliveries/test_ssrf.py", "tests/test_outbound.py"),
    "ways_out": rows.check(
        "ways_out",
        "tests/deliveries/test_every_channel.py",
        "tests/deliveries/callbacks",
        "tests/deliveries/providers/test_fcm.py",
        "tests/deliveries/providers/test_apns.py",
        "tests/deliveries/providers/test_anymail_mail.py",
    ),
    "webhooks": webhooks.run,
}

if __name__ == "__main__":
    sys.exit(main("tests.chaos", CHECKS))
