"""A gang: nodes that talk to each other while they run; its width from a literal and from an artifact."""

import socket
import time
import zlib

from metaflow import FlowSpec, current, parallel, step


def port():
    """The same in every node of the run, and in hardly any other's."""
    return 20_000 + zlib.crc32(current.run_id.encode()) % 10_000


class GangFlow(FlowSpec):
    @step
    def start(self):
        self.nodes = 3
        self.next(self.add, num_parallel=self.nodes)

    @parallel
    @step
    def add(self):
        gang = current.parallel
        self.place = gang.node_index, gang.num_nodes, self.index, self.input
        if gang.node_index == 0:
            self.total = self.gather(gang.num_nodes)
        else:
            self.send(gang.main_ip, gang.node_index * 10)
        self.next(self.added)

    @step
    def added(self, inputs):
        self.places = [one.place for one in inputs]
        self.total = inputs[0].total
        self.next(self.end)

    @step
    def end(self):
        print(self.total, self.places)

    def gather(self, nodes):
        with socket.create_server(("", port())) as server:
            total = 0
            for _ in range(nodes - 1):
                connection, _ = server.accept()
                with connection:
                    total += int(connection.makefile().readline())
            return total

    def send(self, host, number):
        for _ in range(200):
            try:
                with socket.create_connection((host, port()), timeout=5) as connection:
                    connection.sendall(f"{number}\n".encode())
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError


if __name__ == "__main__":
    GangFlow()
