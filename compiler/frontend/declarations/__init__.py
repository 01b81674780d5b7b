"""What a flow declares beside its steps: parameters, files, `Config`s; and what importing its module tells.

May import: decorators, values, text, findings. Start reading in `parameters`; `import_result` joins text and import.
"""
