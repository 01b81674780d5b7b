import time, re
from urllib.parse import urljoin
import requests
from bs4 import BeautifulSoup
from metaflow import FlowSpec, Parameter, step, retry, catch, timeout

HEADERS = {'User-Agent': 'Mozilla/5.0 (compatible; course-bot/1.0)'}
PRICE = re.compile(r'£(\d+\.\d{2})')

def soup(url):
    time.sleep(.2)
    return BeautifulSoup(requests.get(url, headers=HEADERS, timeout=10).text, 'html.parser')

class ScraperFlow(FlowSpec):
    base = Parameter('base', default='https://books.example.com/')
    pages = Parameter('pages', default=3)

    @step
    def start(self):
        self.urls = [urljoin(self.base, f'page-{n}.html') for n in range(1, self.pages + 1)]
        self.next(self.page, foreach='urls')

    @catch(var='error')
    @retry(times=3, minutes_between_retries=0)
    @timeout(seconds=90)
    @step
    def page(self):
        self.prices = []
        self.prices = [float(m) for m in PRICE.findall(str(soup(self.input)))]
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.prices, self.failed = [], 0
        for i in inputs:
            if i.error:
                self.failed += 1
            else:
                self.prices += i.prices
        self.next(self.end)

    @step
    def end(self):
        print(f'{len(self.prices)} prices, {self.failed} pages failed')

if __name__ == '__main__':
    ScraperFlow()
