from metaflow import FlowSpec, environment, kubernetes, project, resources, retry, step

NODES = {"pool": "gpu", "zone": "a"}
TOLERATIONS = [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]


@project(name="platform")
class KubernetesFlow(FlowSpec):
    @kubernetes(cpu=1, memory=1024, disk=2048, service_account="jobs", secrets=["db"], labels={"app": "x"})
    @step
    def start(self):
        self.next(self.gpu, self.volume)

    @kubernetes(gpu=2, gpu_vendor="nvidia", node_selector=NODES, tolerations=TOLERATIONS, image_pull_policy="Always")
    @retry(times=2)
    @step
    def gpu(self):
        self.where = "gpu"
        self.next(self.join)

    @environment(vars={"MODE": "fast", "EMPTY": ""})
    @kubernetes(persistent_volume_claims={"data-pvc": "/mnt/data"}, annotations={"example.com/owner": "team"})
    @resources(cpu=2, memory=2048)
    @step
    def volume(self):
        self.where = "/mnt/data"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = [each.where for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.places)


if __name__ == "__main__":
    KubernetesFlow()
