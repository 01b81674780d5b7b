"""The warehouse: here an SQLite database in memory whose rows follow from the day; a real one has a connection instead."""

import random
import sqlite3
from pathlib import Path

REGIONS = ("north", "south", "west")


def connect(day):
    """The tables of a day: customers, orders, prices."""
    draw = random.Random(day)
    database = sqlite3.connect(":memory:")
    database.execute("create table customers (id integer, region text, age integer, months integer)")
    database.execute("create table orders (id integer, customer integer, amount real, returned integer)")
    database.execute("create table prices (product text, hour integer, price real)")
    for number in range(120):
        row = number, REGIONS[number % 3], draw.randint(18, 80), draw.randint(1, 60)
        database.execute("insert into customers values (?, ?, ?, ?)", row)
    for number in range(600):
        row = number, draw.randrange(120), round(draw.uniform(5, 200), 2), int(draw.random() < 0.1)
        database.execute("insert into orders values (?, ?, ?, ?)", row)
    for hour in range(24):
        for product in ("power", "gas"):
            database.execute("insert into prices values (?, ?, ?)", (product, hour, round(draw.uniform(20, 90), 2)))
    return database


def rows(file, day, **values):
    """What the query of an SQL file finds, as a list of dictionaries."""
    database = connect(day)
    database.row_factory = sqlite3.Row
    return [dict(row) for row in database.execute(Path(file).read_text(encoding="utf-8"), values)]
