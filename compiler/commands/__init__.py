"""One module a command; each holds its click command as COMMAND and is imported only when it is named."""
