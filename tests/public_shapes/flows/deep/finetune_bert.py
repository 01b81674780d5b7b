import os
from typing import List, Optional

from metaflow import (
    FlowSpec,
    Parameter,
    card,
    current,
    environment,
    kubernetes,
    pypi,
    retry,
    step,
)

LIBRARIES = {
    "transformers": "4.38.0",
    "datasets": "2.17.0",
    "torch": "2.2.0",
    "accelerate": "0.27.0",
}
GPU_PROFILE = dict(gpu=1, cpu=8, memory=60_000, use_tmpfs=True)


def tokenize(examples, tokenizer, *, max_length: Optional[int] = 128):
    return tokenizer(examples["text"], truncation=True, padding="max_length", max_length=max_length)


class FinetuneFlow(FlowSpec):
    checkpoint = Parameter("checkpoint", default="distilbert-base-uncased")
    epochs = Parameter("epochs", default=1, type=int)
    dataset = Parameter("dataset", default="imdb", help="Name of a dataset of the hub")
    label_names: List[str] = ["negative", "positive"]

    @step
    def start(self):
        print("labels are", self.label_names)
        self.next(self.train)

    @environment(vars={"TOKENIZERS_PARALLELISM": "false", "HF_HOME": "/tmp/hf"})
    @card
    @retry(times=2)
    @kubernetes(gpu=1, cpu=8, memory=60_000, shared_memory=8192)
    @pypi(python="3.10.13", packages=LIBRARIES)
    @step
    def train(self):
        from datasets import load_dataset
        from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

        tokenizer = AutoTokenizer.from_pretrained(self.checkpoint)
        data = load_dataset(self.dataset).map(lambda batch: tokenize(batch, tokenizer), batched=True)
        model = AutoModelForSequenceClassification.from_pretrained(self.checkpoint, num_labels=len(self.label_names))
        arguments = TrainingArguments(
            output_dir=os.path.join(current.tempdir or ".", "out"), num_train_epochs=self.epochs
        )
        trainer = Trainer(model, arguments, train_dataset=data["train"], eval_dataset=data["test"])
        self.metrics = trainer.train().metrics
        self.next(self.end)

    @step
    def end(self):
        print({key: round(value, 3) for key, value in self.metrics.items()})


if __name__ == "__main__":
    FinetuneFlow()
