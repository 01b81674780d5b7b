# -*- coding: latin-1 -*-
from __future__ import print_function
from metaflow import FlowSpec, step, Parameter, current

class LinearFlow(FlowSpec):
    u"""
    An old flow of the first release: tabs, prints and percent signs. Caf\xe9.
    """
    alpha = Parameter('alpha',
                      help = 'Learning rate',
                      default = 0.01)

    @step
    def start(self):
        print('alpha is %f' % self.alpha)
        self.my_var = 'hello world'
        self.next(self.a)

    @step
    def a(self):
	# a tab as eight blanks
        print('the data artifact is: %s' % self.my_var)
        self.next(self.end)

    @step
    def end(self):
        print('the data artifact is still: %s' % self.my_var)
        print("{0} of {1}".format(current.step_name, current.flow_name))

if __name__ == '__main__':
    LinearFlow()
