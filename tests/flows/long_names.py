"""Names that are longer than any engine takes, and the same for a hundred characters."""

from flowc import FlowSpec, catch, current, project, retry, step


@project(name="quarterly_forecasts_of_all_regions_and_products")
class ForecastOfAllRegionsThatWasNamedWithoutAnyThoughtOfTheEnginesThatItMayRunOnFlow(FlowSpec):
    @step
    def start(self):
        self.next(
            self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_left,
            self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_right,
        )

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_left(self):
        self.items = [1, 2]
        self.next(self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_each, foreach="items")

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_each(self):
        self.parts = "ab"[: self.input]
        self.next(self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_part, foreach="parts")

    @retry(times=1, minutes_between_retries=0)
    @catch(var="problem")
    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_part(self):
        self.seen = f"{self.input} of {current.step_name[-4:]}"
        if self.input == "b":
            raise ValueError(self.seen)
        self.next(self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_parts)

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_parts(self, inputs):
        self.seen = [(one.index, getattr(one, "seen", None), bool(one.problem)) for one in inputs]
        self.next(self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_join)

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_join(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.next(self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_both)

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_right(self):
        self.way = "second"
        self.next({"first": self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_first, "second": self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_second}, condition="way")

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_first(self):
        self.took = "first"
        self.next(self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_both)

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_second(self):
        self.took = "second"
        self.next(self.a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_both)

    @step
    def a_step_of_a_forecast_whose_author_writes_down_everything_that_it_does_so_that_its_name_is_longer_than_engines_take_it_even_in_a_group_both(self, inputs):
        self.seen, self.took = inputs[0].seen, inputs[1].took
        self.next(self.end)

    @step
    def end(self):
        print(self.seen, self.took)


if __name__ == "__main__":
    ForecastOfAllRegionsThatWasNamedWithoutAnyThoughtOfTheEnginesThatItMayRunOnFlow()
