import io
import math
from concurrent.futures import ThreadPoolExecutor

from metaflow import FlowSpec, IncludeFile, Parameter, S3, batch, card, current, step
from metaflow.cards import Image, Markdown


def grouped(items, size):
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


class ImagePipelineFlow(FlowSpec):
    """Thumbnails in shards, and a card with the first of each."""

    source = Parameter("source", default="s3://example-images/raw")
    shards = Parameter("shards", default=8)
    watermark = IncludeFile("watermark", is_text=False, default="logo.bin")

    @step
    def start(self):
        with S3(s3root=self.source) as s3:
            urls = [each.url for each in s3.list_recursive()]
        size = max(1, math.ceil(len(urls) / self.shards))
        self.batches = list(grouped(urls, size)) or [[]]
        self.next(self.resize, foreach="batches")

    @batch(image="example/pillow:10", cpu=4, memory=8000)
    @step
    def resize(self):
        from PIL import Image as PIL

        def thumbnail(url):
            with S3() as s3:
                picture = PIL.open(io.BytesIO(s3.get(url).blob))
                picture.thumbnail((128, 128))
                out = io.BytesIO()
                picture.save(out, "PNG")
                return url, out.getvalue()

        with ThreadPoolExecutor(max_workers=8) as pool:
            self.thumbnails = dict(pool.map(thumbnail, self.input))
        self.next(self.join)

    @card(type="blank")
    @step
    def join(self, inputs):
        self.count = sum(len(each.thumbnails) for each in inputs)
        for each in inputs:
            for url, data in list(each.thumbnails.items())[:1]:
                current.card.append(Markdown(f"`{url}`"))
                current.card.append(Image(data))
        self.next(self.end)

    @step
    def end(self):
        print(self.count, "thumbnails")


if __name__ == "__main__":
    ImagePipelineFlow()
