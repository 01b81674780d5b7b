#!/usr/bin/env python
# coding: utf-8

# # Training with Metaflow
# 
# Exported from a notebook by nbconvert.

# In[1]:


get_ipython().run_line_magic('matplotlib', 'inline') if 'get_ipython' in globals() else None
import sys
sys.path.append('..')
import pandas as pd


# In[2]:


df = pd.DataFrame({'a': range(3)})
df.head()


# In[3]:


from metaflow import FlowSpec, step, Parameter

class NotebookFlow(FlowSpec):
    rows = Parameter('rows', default=3)

    @step
    def start(self):
        self.df = pd.DataFrame({'a': range(self.rows)})
        self.next(self.describe)

    @step
    def describe(self):
        self.summary = self.df.describe().to_dict()
        self.next(self.end)

    @step
    def end(self):
        print(self.summary)


# In[4]:


if __name__ == '__main__':
    NotebookFlow()


# In[ ]:




