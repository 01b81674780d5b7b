"""Make a table of taxi trips, half for training and half to predict: `python make_data.py FOLDER [ROWS]`."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

BOROUGHS = {"Manhattan": 67, "Queens": 63, "Brooklyn": 61, "Bronx": 43, "Staten Island": 20, "Newark": 1}


def trips(rows: int, seed: int) -> pd.DataFrame:
    """Trips whose duration follows from distance, hour of the day and day of the week, with noise."""
    rng = np.random.default_rng(seed)
    pickup = pd.Timestamp("2024-03-04") + pd.to_timedelta(np.sort(rng.integers(0, 28 * 24 * 3600, rows)), unit="s")
    distance = np.round(rng.lognormal(mean=0.7, sigma=0.8, size=rows), 2).clip(0.1, 40)
    hour = pickup.hour.to_numpy()
    rush = ((hour >= 7) & (hour <= 9)) | ((hour >= 16) & (hour <= 19))
    weekend = pickup.day_of_week.to_numpy() >= 5
    speed = 12.0 - 4.0 * rush + 2.5 * weekend + 0.15 * distance
    seconds = (distance / speed * 3600 * rng.lognormal(sigma=0.25, size=rows) + 60).round().astype("int64")
    weights = np.array(list(BOROUGHS.values()), dtype=float)
    table = pd.DataFrame(
        {
            "trip_id": np.arange(1, rows + 1),
            "pickup_datetime": pickup,
            "dropoff_datetime": pickup + pd.to_timedelta(seconds, unit="s"),
            "pickup_borough": rng.choice(list(BOROUGHS), size=rows, p=weights / weights.sum()),
            "passenger_count": rng.choice([1.0, 2.0, 3.0, 5.0, np.nan], size=rows, p=[0.7, 0.15, 0.06, 0.05, 0.04]),
            "trip_distance": distance,
            "fare_amount": np.round(3.0 + 2.5 * distance + 0.008 * seconds, 2),
        }
    )
    return _with_faults(table, rng)


def _with_faults(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Real tables hold trips of no distance and negative fares: one in a hundred."""
    bad = rng.choice(len(table), size=max(2, len(table) // 100), replace=False)
    half = len(bad) // 2
    table.loc[bad[:half], "trip_distance"] = 0.0
    table.loc[bad[half:], "fare_amount"] *= -1
    return table


def main(folder: str, rows: int = 4000) -> None:
    """Write `train.parquet` and `new.parquet` into `folder`."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    trips(rows, seed=1).to_parquet(target / "train.parquet", index=False)
    trips(rows // 4, seed=2).to_parquet(target / "new.parquet", index=False)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
