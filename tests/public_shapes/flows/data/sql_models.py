"""dbt-like: models are SQL files beside the flow, run in the order of their references."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

from metaflow import FlowSpec, Parameter, card, current, project, retry, schedule, secrets, step
from metaflow.cards import Markdown, Table

MODELS = Path(__file__).parent / "models"
REF = re.compile(r"\{\{\s*ref\('(\w+)'\)\s*\}\}")


def load_models(folder: Path) -> dict:
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.sql"))}


def layers(models: dict) -> list:
    graph = TopologicalSorter({name: set(REF.findall(text)) for name, text in models.items()})
    graph.prepare()
    found = []
    while graph.is_active():
        ready = graph.get_ready()
        found.append(sorted(ready))
        graph.done(*ready)
    return found


@schedule(daily=True)
@project(name="warehouse")
class SqlModelsFlow(FlowSpec):
    schema = Parameter("schema", default="analytics")
    full_refresh = Parameter("full-refresh", default=False, type=bool)

    @step
    def start(self):
        self.models = load_models(MODELS)
        self.order = layers(self.models)
        self.flat = [name for layer in self.order for name in layer]
        self.next(self.compile_model, foreach="flat")

    @step
    def compile_model(self):
        self.name = self.input
        self.sql = REF.sub(lambda match: f"{self.schema}.{match[1]}", self.models[self.name])
        self.next(self.compiled)

    @step
    def compiled(self, inputs):
        self.compiled_sql = {each.name: each.sql for each in inputs}
        self.merge_artifacts(inputs, include=["models", "order"])
        self.next(self.execute)

    @secrets(sources=["warehouse-credentials"])
    @retry(times=2, minutes_between_retries=5)
    @step
    def execute(self):
        import os

        import psycopg2

        with psycopg2.connect(os.environ["WAREHOUSE_DSN"]) as connection, connection.cursor() as cursor:
            for layer in self.order:
                for name in layer:
                    verb = "TABLE" if self.full_refresh else "VIEW"
                    cursor.execute(f"CREATE OR REPLACE {verb} {self.schema}.{name} AS {self.compiled_sql[name]}")
        self.next(self.report)

    @card(type="blank", options={"title": "Models"})
    @step
    def report(self):
        current.card.append(Markdown("## What was built"))
        current.card.append(Table([[name, f"`{sql[:80]}`"] for name, sql in self.compiled_sql.items()]))
        self.next(self.end)

    @step
    def end(self):
        print("built", ", ".join(self.compiled_sql))


if __name__ == "__main__":
    SqlModelsFlow()
