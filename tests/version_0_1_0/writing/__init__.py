"""What 0.1.0 wrote the data of this folder with; kept to show how, never run again."""
