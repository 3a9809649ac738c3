"""The page to try the hub on: two users side by side, built on the browser SDK. Served only when HUB_DEMO is on."""
