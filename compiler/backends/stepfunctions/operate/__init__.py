"""Step Functions as it is operated: deployments, runs and jobs in an account of AWS, asked by boto3, which nothing else imports.

May import: what `compiler.backends.stepfunctions` may. Start reading in `engine`; every request goes out by `calls`.
"""
