"""Predict the duration of new trips with the model of the latest good training run."""

import io
import tempfile

import pandas as pd
from metaflow import S3, Flow, FlowSpec, Parameter, namespace, step

from trips import features

namespace(None)


class TaxiPredictFlow(FlowSpec):
	"""Fetch the model, look for drift, predict, write the table."""

	trips_url = Parameter("trips", help="The trips to predict.", default="s3://taxi/new.parquet")
	target_url = Parameter("target", help="Where the predictions go.", default="s3://taxi/predictions.parquet")

	@step
	def start(self):
		# A run can be an artifact: every later step asks the same run, also when a newer one ends meanwhile.
		self.train_run = Flow("TaxiTrainFlow").latest_successful_run
		self.next(self.load)

	@step
	def load(self):
		with S3() as s3:
			trips = pd.read_parquet(io.BytesIO(s3.get(self.trips_url).blob))
		self.trips = trips[trips["trip_distance"] > 0].reset_index(drop=True)
		self.next(self.look_for_drift, self.predict)

	@step
	def look_for_drift(self):
		then = self.train_run["end"].task.data._artifacts["feature_spread"].data["trip_distance"]
		self.drift = float(self.trips["trip_distance"].std()) - then
		self.next(self.write)

	@step
	def predict(self):
		model = self.train_run["train_model"].task.data.lr
		self.predictions = model.predict(features(self.trips)).round().astype("int64")
		self.next(self.write)

	@step
	def write(self, inputs):
		self.merge_artifacts(inputs)
		table = self.trips[["trip_id", "trip_distance"]].assign(predicted_seconds=self.predictions)
		with tempfile.TemporaryFile() as file, S3() as s3:
			table.to_parquet(file, index=False)
			file.seek(0)
			self.written_to = s3.put(self.target_url, file, overwrite=True)
		self.next(self.end)

	@step
	def end(self):
		print(f"{len(self.predictions)} trips in {self.written_to}, drift {self.drift:+.3f}")


if __name__ == "__main__":
	TaxiPredictFlow()
