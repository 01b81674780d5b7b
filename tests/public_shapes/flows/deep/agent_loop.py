import json
import os

from metaflow import FlowSpec, Parameter, retry, step, timeout

try:
    import anthropic
except ImportError:
    anthropic = None

MODEL = os.getenv("MODEL_NAME", "small-model")


class AgentFlow(FlowSpec):
    """Asks until the answer says that it is done: a step that repeats itself."""

    question = Parameter("question", default="What is the capital of France?")
    max_turns = Parameter("max-turns", default=5)

    @step
    def start(self):
        self.messages = [{"role": "user", "content": self.question}]
        self.turn = 0
        self.next(self.think)

    @retry(times=2)
    @timeout(minutes=2)
    @step
    def think(self):
        self.turn += 1
        if anthropic is not None and os.environ.get("API_KEY"):
            reply = anthropic.Anthropic().messages.create(model=MODEL, messages=self.messages, max_tokens=100)
            answer = reply.content[0].text
        else:
            answer = json.dumps({"answer": "Paris", "done": self.turn >= 2})
        self.messages.append({"role": "assistant", "content": answer})
        done = "done" in answer and json.loads(answer).get("done", False)
        self.state = "stop" if done or self.turn >= self.max_turns else "again"
        self.next({"again": self.think, "stop": self.end}, condition="state")

    @step
    def end(self):
        print(self.messages[-1]["content"])


if __name__ == "__main__":
    AgentFlow()
