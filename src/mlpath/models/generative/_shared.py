"""What the generative models share: the digits that they learn from."""

import torch
from jaxtyping import Float, Int
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

Images = Float[Tensor, "n_images 1 8 8"]
Labels = Int[Tensor, " n_images"]


def digits() -> tuple[Images, Images, Labels, Labels]:
    """Return scikit-learn's 1,797 digits as (train, held_out, train_labels, held_out_labels), grey levels in [0, 1].

    A fifth of each class is held out, always the same.
    """
    x, y = load_digits(return_X_y=True)
    images, labels = torch.tensor(x / 16, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(y)
    train, held_out = train_test_split(range(len(y)), test_size=0.2, stratify=y, random_state=0)
    return images[train], images[held_out], labels[train], labels[held_out]
