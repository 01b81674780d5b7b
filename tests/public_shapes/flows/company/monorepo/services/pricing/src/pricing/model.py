from shared.money import Money


def best(prices: "list[Money]") -> Money:
    return min(prices, key=lambda each: each.amount)
