"""What tests of several rooms play on: a task in this process, a container, a command, a server that speaks S3, flows as plans."""
