"""Steps that take secrets: their keys are variables, and none of their values stays anywhere."""

import os

from metaflow import FlowSpec, secrets, step


class SecretKeysFlow(FlowSpec):
    """Two sources for one step, and none of theirs in the next."""

    @secrets(
        sources=[
            "aws-secrets-manager.films-db",
            {"type": "aws-secrets-manager", "id": "api.token", "options": {"json": False, "env_var_name": "TOKEN"}},
        ]
    )
    @step
    def start(self):
        self.user = os.environ["DB_USER"]
        self.lengths = [len(os.environ[name]) for name in ("DB_PASSWORD", "TOKEN")]
        self.next(self.end)

    @step
    def end(self):
        assert "DB_PASSWORD" not in os.environ


if __name__ == "__main__":
    SecretKeysFlow()
