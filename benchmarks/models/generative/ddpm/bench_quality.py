"""The stated quality of the diffusion exercises: 1,000 digits drawn by a network trained here, judged by a classifier.

Takes some minutes: `python benchmarks/models/generative/ddpm/bench_quality.py [DEVICE]`. The rival is a mixture of ten
Gaussians with full covariances, fitted to the same images; of several regularisations, and of clipped and unclipped
samples, the best by the measure itself.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import sys
from time import perf_counter, process_time

import torch
from sklearn.mixture import GaussianMixture

from mlpath.models.generative._diffusion import Classifier, Images, frechet_distance, judge, train, train_classifier
from mlpath.models.generative._shared import digits

N = 1000


def rival(train_images: Images, held_out: Images, classifier: Classifier) -> tuple[float, str]:
    """Return the least Fréchet distance of the mixtures, each the mean over five draws, and which one it was."""
    pixels = train_images.flatten(1).double().cpu().numpy()
    features = classifier.features(held_out)
    found = []
    for floor in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2):
        mixture = GaussianMixture(10, reg_covar=floor, n_init=5, random_state=0).fit(pixels)
        distances = {"as drawn": 0.0, "clipped": 0.0}
        for seed in range(5):
            mixture.random_state = seed
            drawn = torch.tensor(mixture.sample(N)[0]).to(train_images).reshape(-1, *train_images.shape[1:])
            for name, images in [("as drawn", drawn), ("clipped", drawn.clamp(0, 1))]:
                distances[name] += frechet_distance(classifier.features(images), features) / 5
        found += [(distance, f"reg_covar {floor:g}, {name}") for name, distance in distances.items()]
    return min(found)


def main(device: str = "cpu") -> None:
    """Train, draw, judge, and print the table."""
    train_images, held_out, labels, held_out_labels = (x.to(device) for x in digits())

    def seeded(seed: int) -> torch.Generator:
        return torch.Generator(device).manual_seed(seed)

    classifier = train_classifier(train_images, labels, generator=seeded(0))
    with torch.no_grad():
        accuracy = float((classifier(held_out).argmax(dim=1) == held_out_labels).float().mean())
    start, work = perf_counter(), process_time()
    trained = train(
        train_images,
        generator=seeded(1),
        report=lambda step, loss: (
            print(f"step {step + 1:5d}  loss {loss:.4f}", flush=True) if step % 400 == 399 else None
        ),
    )
    trained_in, work = perf_counter() - start, process_time() - work
    start = perf_counter()
    samples = trained.draw(N, generator=seeded(2))
    drawn_in = perf_counter() - start
    ours = judge(samples, classifier, train_images, held_out)
    theirs, which = rival(train_images, held_out, classifier)
    unseen = judge(held_out, classifier, train_images, held_out)
    copied = judge(train_images, classifier, train_images, held_out)

    def quantile(distances: torch.Tensor, q: float) -> float:
        return float(distances.quantile(q))

    print(
        f"\ntrained in {trained_in:.0f} s ({work:.0f} s of processor time), {N} digits drawn in {drawn_in:.0f} s, on {device}\n"
    )
    rows = [
        ("classifier: accuracy on held-out digits", accuracy, ">=", 0.97),
        ("Fréchet distance to held-out digits", ours.frechet, "<", theirs),
        ("mean confidence of the classifier", ours.confidence, ">=", 0.9),
        ("share of the rarest class", ours.smallest_class, ">=", 0.04),
        ("copies of training images", ours.n_copies, "<=", 0),
    ]
    for q in (0.01, 0.5):
        name = f"distance to nearest training image, {q:.0%} quantile"
        rows.append((name, quantile(ours.distances, q), ">=", 0.9 * quantile(unseen.distances, q)))
    for name, value, relation, limit in rows:
        holds = {">=": value >= limit, "<": value < limit, "<=": value <= limit}[relation]
        print(f"{name:<56} {value:8.3f}   {relation:>2} {limit:7.3f}   {'yes' if holds else 'NO'}")
    print(
        f"\nThe limit of the second line is the mixture's ({which}); the training digits themselves: {copied.frechet:.3f}."
    )
    print("Limits of the last two: 0.9 times the same quantile of the held-out digits.")
    print(
        f"Nearest of all: {float(ours.distances.min()):.3f}; of the held-out digits: {float(unseen.distances.min()):.3f}."
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
