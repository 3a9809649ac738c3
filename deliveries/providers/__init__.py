"""Providers: one file each, behind the contract of `base`. `docs/adding-a-provider.md` is the way to a new one."""
