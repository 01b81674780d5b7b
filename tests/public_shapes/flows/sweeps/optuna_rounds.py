import random

from metaflow import FlowSpec, Parameter, step


class OptunaRoundsFlow(FlowSpec):
    """Rounds of trials: a switch goes back to the step that suggests until the budget is spent."""

    budget = Parameter("budget", default=12)
    seed = Parameter("seed", default=7)

    @step
    def start(self):
        self.history = []
        self.done = "no"
        self.next(self.search)

    @step
    def search(self):
        import optuna

        study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=self.seed))
        for params, value in self.history:
            study.add_trial(optuna.trial.create_trial(params=params, value=value))
        trial = study.ask()
        lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
        self.history = [*self.history, (trial.params, random.random() * lr)]
        self.done = "yes" if len(self.history) >= self.budget else "no"
        self.next({"yes": self.end, "no": self.search}, condition="done")

    @step
    def end(self):
        print(min(self.history, key=lambda pair: pair[1]))


if __name__ == "__main__":
    OptunaRoundsFlow()
