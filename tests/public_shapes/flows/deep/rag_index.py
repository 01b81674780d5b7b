"""Chunks, embeddings and an index of documents: nested foreaches, a switch over the provider, pydantic and async helpers."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Literal

import httpx
from metaflow import Config, FlowSpec, Parameter, current, resources, retry, secrets, step
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from collections.abc import Iterable


class Chunk(BaseModel):
    document: str
    text: str = Field(min_length=1)
    vector: list[float] | None = None

    @property
    def key(self) -> str:
        return hashlib.sha1(self.text.encode()).hexdigest()


Provider = Literal["remote", "local"]


async def embed_all(texts: Iterable[str], url: str) -> list[list[float]]:
    async with httpx.AsyncClient(timeout=30) as client:
        answers = await asyncio.gather(*(client.post(url, json={"input": text}) for text in texts))
    return [answer.json()["embedding"] for answer in answers]


class RagIndexFlow(FlowSpec):
    config = Config("index", default_value={"url": "https://embed.example.com", "chunk": 400, "memory": 4096})
    provider = Parameter("provider", default="remote")

    @step
    def start(self):
        self.sources = ["handbook", "wiki", "tickets"]
        self.next(self.source, foreach="sources")

    @step
    def source(self):
        self.name = self.input
        self.documents = [f"{self.name}/{number}" for number in range(3)]
        self.next(self.chunk, foreach="documents")

    @step
    def chunk(self):
        size = self.config.chunk
        text = self.input * size
        self.chunks = [Chunk(document=self.input, text=text[at : at + size]) for at in range(0, len(text), size)]
        self.next(self.document_done)

    @step
    def document_done(self, inputs):
        self.chunks = [chunk for each in inputs for chunk in each.chunks]
        self.next(self.all_done)

    @step
    def all_done(self, inputs):
        self.chunks = [chunk for each in inputs for chunk in each.chunks]
        self.next({"remote": self.embed_remote, "local": self.embed_local}, condition="provider")

    @retry(times=4)
    @secrets(sources=["embedding-api"])
    @step
    def embed_remote(self):
        vectors = asyncio.run(embed_all((each.text for each in self.chunks), self.config.url))
        self.chunks = [each.model_copy(update={"vector": v}) for each, v in zip(self.chunks, vectors, strict=True)]
        self.next(self.end)

    @resources(memory=config.memory)
    @step
    def embed_local(self):
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer("all-MiniLM-L6-v2")
        for each, vector in zip(self.chunks, model.encode([each.text for each in self.chunks])):
            each.vector = vector.tolist()
        self.next(self.end)

    @step
    def end(self):
        print(current.flow_name, len({each.key for each in self.chunks}), "chunks")


if __name__ == "__main__":
    RagIndexFlow()
