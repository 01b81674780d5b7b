"""Models that need no library."""


def mean(values):
    """The mean of numbers; 0 for none."""
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def line(points):
    """Slope and intercept of the least-squares line through pairs."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x_mean, y_mean = mean(xs), mean(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0
    return slope, y_mean - slope * x_mean
