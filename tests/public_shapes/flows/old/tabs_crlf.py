import metaflow

class TabFlow(metaflow.FlowSpec):
	"""Tabs, semicolons and CRLF."""
	n = metaflow.Parameter("n", default=1); m = metaflow.Parameter("m", default=2)

	@metaflow.step
	def start(self):
		self.total = self.n + self.m; self.next(self.end)

	@metaflow.step
	def end(self):
		print(self.total)

if __name__ == "__main__":
	TabFlow()
