import torch
import torch.nn as nn
import torch.nn.functional as F
from metaflow import FlowSpec, Parameter, current, kubernetes, step
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Net(nn.Module):
    def __init__(self, hidden: int = 128):
        super().__init__()
        self.fc1 = nn.Linear(784, hidden)
        self.fc2 = nn.Linear(hidden, 10)

    def forward(self, x):
        return F.log_softmax(self.fc2(F.relu(self.fc1(x.flatten(1)))), dim=1)


class MnistFlow(FlowSpec):
    epochs = Parameter("epochs", default=3)
    lr = Parameter("learning-rate", default=1e-3)
    hidden = Parameter("hidden", default=2**7)

    @step
    def start(self):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.next(self.train)

    @kubernetes(gpu=1, cpu=4, memory=16384, image="pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime")
    @step
    def train(self):
        loader = DataLoader(datasets.MNIST(".", download=True, transform=transforms.ToTensor()), batch_size=64)
        net = Net(self.hidden).to(self.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.lr)
        self.losses: list[float] = []
        for epoch in range(self.epochs):
            for x, y in loader:
                optimizer.zero_grad()
                loss = F.nll_loss(net(x.to(self.device)), y.to(self.device))
                loss.backward()
                optimizer.step()
            self.losses.append(loss.item())
            print(f"[{current.task_id}] epoch {epoch}: {loss.item():.4f}")
        self.state = {name: tensor.cpu().numpy() for name, tensor in net.state_dict().items()}
        self.next(self.end)

    @step
    def end(self):
        net = Net(self.hidden)
        net.load_state_dict({name: torch.from_numpy(array) for name, array in self.state.items()})


if __name__ == "__main__":
    MnistFlow()
