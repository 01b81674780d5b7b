import random
from metaflow import FlowSpec, Parameter, S3, current, step, batch, retry


class RecommenderFlow(FlowSpec):
    """Item to item; writes its table to S3 under the run."""

    size = Parameter('size', default=1000, type=int)
    bucket = Parameter('bucket', default='s3://example-recs/tables')

    @step
    def start(self):
        random.seed(3)
        self.sessions = [[random.randrange(50) for _ in range(5)] for _ in range(self.size)]
        self.chunks = [self.sessions[i::4] for i in range(4)]
        self.next(self.count, foreach='chunks')

    @batch(cpu=2, memory=4000)
    @retry
    @step
    def count(self):
        from collections import Counter
        counts = Counter()
        for session in self.input:
            for a in session:
                for b in session:
                    if a < b:
                        counts[a, b] += 1
        self.counts = counts
        self.next(self.merge)

    @step
    def merge(self, inputs):
        from collections import Counter
        self.counts = sum((i.counts for i in inputs), Counter())
        self.next(self.publish)

    @step
    def publish(self):
        import json
        with S3(s3root=self.bucket) as s3:
            s3.put('latest.json', json.dumps([[*pair, n] for pair, n in self.counts.most_common(100)]))
        with S3(run=self) as s3:
            self.url = s3.put('model', json.dumps({'run': current.run_id}))
        self.next(self.end)

    @step
    def end(self):
        print(self.url)


if __name__ == '__main__':
    RecommenderFlow()
