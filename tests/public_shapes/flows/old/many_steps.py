from metaflow import FlowSpec, Parameter, step
import math


class ManyStepsFlow(FlowSpec):
    x = Parameter('x', default=2.0)

    @step
    def start(self):
        self.log = []
        self.value = self.x
        self.next(self.s1)

    @step
    def s1(self):
        self.value = self.value + 1; self.log.append('s1')
        self.next(self.s2)

    @step
    def s2(self):
        self.value **= 2
        self.log += ['s2']
        self.next(self.s3, self.s4)

    @step
    def s3(self):
        self.value = math.sqrt(self.value)
        self.next(self.s5)

    @step
    def s4(self):
        self.value, self.side = -self.value, 'left'
        self.next(self.s4b)

    @step
    def s4b(self):
        self.value = abs(self.value)
        self.next(self.s5)

    @step
    def s5(self, inputs):
        self.value = sum(i.value for i in inputs)
        self.side = inputs.s4b.side
        self.log = inputs[0].log
        self.next(self.s6)

    @step
    def s6(self):
        if self.value > 100:
            self.size = 'big'
        else:
            self.size = 'small'
        self.next(self.end)

    @step
    def end(self):
        print(self.size, self.side, self.log)


if __name__ == '__main__':
    ManyStepsFlow()
