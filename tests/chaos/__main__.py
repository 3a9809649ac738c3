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
    "install": install.run,
    "opposite_orders": opposite_orders.run,
    "redis_outage": redis_outage.run,
    "kill": kill.run,
    "revocation": revocation.run,
    "rolling_restart": rolling_restart.run,
    "idempotency": idempotency.run,
    "strangers": strangers.run,
    "templates": templates.run,
    "providers": rows.check(
        "providers", "tests/deliveries/providers/test_table.py", "tests/deliveries/providers/test_chat.py"
    ),
    "ssrf": rows.check("ssrf", "tests/deliveries/test_ssrf.py", "tests/test_outbound.py"),
    "webhooks": webhooks.run,
}

if __name__ == "__main__":
    sys.exit(main("tests.chaos", CHECKS))
