"""Targets of distributions of their own, which `targets/` holds, and what such a target may use."""
