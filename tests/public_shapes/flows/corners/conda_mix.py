import os

from metaflow import FlowSpec, Parameter, conda, conda_base, environment, pypi, step

PYTHON = "3.10.9"
COMMON = {"pandas": ">=1.5,<2"}


@conda_base(python=PYTHON, libraries=COMMON)
class CondaMixFlow(FlowSpec):
    rows = Parameter("rows", default=int("10"))

    @step
    def start(self):
        import pandas as pd

        self.table = pd.DataFrame({"n": range(self.rows)})
        self.next(self.plot, self.stats)

    @conda(libraries={**COMMON, "matplotlib": "3.7.1"})
    @step
    def plot(self):
        import matplotlib.pyplot as plt

        self.table.plot()
        plt.savefig("plot.png")
        with open("plot.png", "rb") as file:
            self.png = file.read()
        self.next(self.join)

    @pypi(disabled=True)
    @environment(vars={"OMP_NUM_THREADS": str(2 * 2)})
    @step
    def stats(self):
        self.threads = os.environ["OMP_NUM_THREADS"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.size = len(inputs.plot.png)
        self.threads = inputs.stats.threads
        self.next(self.end)

    @step
    def end(self):
        print(self.size, self.threads)


if __name__ == "__main__":
    CondaMixFlow()
