"""What all flows of the company begin with."""

import logging

from metaflow import FlowSpec, Parameter, current, step

logger = logging.getLogger("company")


class CompanyFlow(FlowSpec):
    env = Parameter("env", default="dev", help="dev or prod")

    @property
    def bucket(self) -> str:
        return f"s3://company-{self.env}"

    def notify(self, text: str) -> None:
        logger.info("[%s/%s] %s", current.flow_name, current.run_id, text)

    @step
    def end(self):
        self.notify("done")
