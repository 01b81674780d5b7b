"""Imported relatively."""

LITRES = 0.75


def per_bottle(litres):
    return int(litres / LITRES)
