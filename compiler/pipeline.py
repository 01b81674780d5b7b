"""The way of the data as one function: a flow file to the files of a target."""
