from metaflow import FlowSpec, step
class Holder:
    pass
class DynamicArtifactsFlow(FlowSpec):
    @step
    def start(self):
        for k, v in {"a": 1, "b": 2}.items():
            setattr(self, k, v)
        self.__dict__.update(zz=1)
        self.cfg = Holder()
        self.cfg.lr = 1
        def inner():
            self.inner_set = 3
        inner()
        [setattr(self, f"k{i}", i) for i in range(3)]
        with open("/dev/null") as self.handle_name:
            pass
        self.handle_name = None
        self.next(self.s1, self.s2)
    @step
    def s1(self):
        self.only1 = self.k1
        self.common = 1
        self.next(self.j)
    @step
    def s2(self):
        self.only2 = self.a + self.zz + self.inner_set
        self.common = 1
        self.next(self.j)
    @step
    def j(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)
    @step
    def end(self):
        print(self.only1, self.only2, self.b, self.common, self.cfg.lr)
if __name__ == "__main__":
    DynamicArtifactsFlow()
