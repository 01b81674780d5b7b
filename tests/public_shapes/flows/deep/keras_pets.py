from metaflow import FlowSpec, step, Parameter, batch, environment
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers as L

IMAGE_SIZE = (160, 160)
AUGMENT = [("flip", "horizontal"), ("rotation", 0.1)]


def make_model(shape=IMAGE_SIZE + (3,), classes: int = 2) -> keras.Model:
    inputs = keras.Input(shape=shape)
    x = L.Rescaling(1.0 / 255)(inputs)
    for size in (32, 64, 128):
        x = L.Conv2D(size, 3, activation="relu")(x)
    return keras.Model(inputs, L.Dense(classes)(L.GlobalAveragePooling2D()(x)))


class PetsFlow(FlowSpec):
    epochs = Parameter(name='epochs', default=5)
    freeze = Parameter(name='freeze', type=bool, default=False)

    @step
    def start(self): self.next(self.train)

    @batch(gpu=1, memory=32000, image='tensorflow/tensorflow:2.15.0-gpu', queue='gpu-queue', shared_memory=4096)
    @environment(vars={'TF_CPP_MIN_LOG_LEVEL': '2'})
    @step
    def train(self):
        ds = keras.utils.image_dataset_from_directory('pets', image_size=IMAGE_SIZE)
        model = make_model()
        model.compile(optimizer='adam', loss='sparse_categorical_crossentropy')
        history = model.fit(ds, epochs=self.epochs)
        self.history = history.history
        model.save('pets.keras')
        with open('pets.keras', 'rb') as f:
            self.model_bytes = f.read()
        self.next(self.end)

    @step
    def end(self): print(max(self.history['accuracy']))


if __name__ == '__main__':
    PetsFlow()
