from dataclasses import dataclass


@dataclass
class Money:
    amount: float
    currency: str = "EUR"


RETRIES = 3
IMAGE = "registry.example.com/pricing:2024.05"
