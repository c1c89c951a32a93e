"""The stated quality of the diffusion exercises: digits drawn by networks trained here, judged by a classifier.

Takes some ten minutes for each training seed: `python benchmarks/models/generative/ddpm/bench_quality.py [DEVICE [SEED ...]]`.
The rivals are mixtures of ten Gaussians with full covariances, fitted to the same images: the one that scikit-learn gives by
default, and of several regularisations the best by the measure itself. One set of 1,000 images is a matter of luck, which
moves the Fréchet distance by 1 or so: hence several sets of each.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import sys
from statistics import fmean, stdev
from time import perf_counter, process_time

import torch
from sklearn.mixture import GaussianMixture

from mlpath.models.generative._diffusion import (
    Classifier,
    Images,
    Quality,
    frechet_distance,
    judge,
    train,
    train_classifier,
)
from mlpath.models.generative._shared import digits

N, DRAWS, RIVAL_DRAWS = 1000, 3, 20
DEFAULT, FLOORS = 1e-6, (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)


def seeded(seed: int, device: str) -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)


def rival(floor: float, train_images: Images, held_out: Images, classifier: Classifier) -> list[float]:
    """Return the Fréchet distances of several sets that a mixture draws; `floor` is added to its variances."""
    mixture = GaussianMixture(10, reg_covar=floor, n_init=5, random_state=0)
    mixture.fit(train_images.flatten(1).double().cpu().numpy())
    found = []
    for seed in range(RIVAL_DRAWS):
        mixture.random_state = seed
        drawn = torch.tensor(mixture.sample(N)[0]).to(train_images).reshape(-1, *train_images.shape[1:])
        found.append(frechet_distance(classifier.features(drawn), classifier.features(held_out)))
    return found


def ours(seed: int, train_images: Images, held_out: Images, classifier: Classifier, device: str) -> list[Quality]:
    """Train once, draw several sets, and print how long that took and what came of it."""
    start, work = perf_counter(), process_time()
    trained = train(train_images, generator=seeded(seed, device))
    print(f"seed {seed}: trained in {perf_counter() - start:.0f} s ({process_time() - work:.0f} s of processor time)")
    found = []
    for draw in range(DRAWS):
        start = perf_counter()
        samples = trained.draw(N, generator=seeded(1000 * seed + draw, device))
        found.append(judge(samples, classifier, train_images, held_out))
        q = found[-1]
        print(
            f"    set {draw}, drawn in {perf_counter() - start:.0f} s: Fréchet distance {q.frechet:.2f}, confidence"
            f" {q.confidence:.3f}, rarest class {q.smallest_class:.3f}, copies {q.n_copies}",
            flush=True,
        )
    return found


def main(device: str = "cpu", *seeds: str) -> None:
    """Train, draw, judge, and print the table."""
    train_images, held_out, labels, held_out_labels = (x.to(device) for x in digits())
    classifier = train_classifier(train_images, labels, generator=seeded(0, device))
    with torch.no_grad():
        accuracy = float((classifier(held_out).argmax(dim=1) == held_out_labels).float().mean())
    found = [q for seed in seeds or ("1", "2") for q in ours(int(seed), train_images, held_out, classifier, device)]
    plain = rival(DEFAULT, train_images, held_out, classifier)
    best, floor = min((fmean(d), floor) for floor in FLOORS for d in [rival(floor, train_images, held_out, classifier)])
    unseen = judge(held_out, classifier, train_images, held_out)
    copied = judge(train_images, classifier, train_images, held_out)
    frechet = [q.frechet for q in found]

    def quantile(q: float) -> tuple[float, float]:
        return min(float(x.distances.quantile(q)) for x in found), 0.9 * float(unseen.distances.quantile(q))

    rows = [
        ("classifier: accuracy on held-out digits", accuracy, ">=", 0.97),
        ("Fréchet distance, mean over sets; a mixture's, by default", fmean(frechet), "<", fmean(plain)),
        (f"the same; the best mixture's (reg_covar {floor:g})", fmean(frechet), "<", min(best, fmean(plain))),
        ("confidence of the classifier, in the worst set", min(q.confidence for q in found), ">=", 0.9),
        ("share of the rarest class, in the worst set", min(q.smallest_class for q in found), ">=", 0.04),
        ("copies of training images, in all sets", sum(q.n_copies for q in found), "<=", 0),
        ("distance to nearest training image, 1 % quantile", *quantile(0.01)),
        ("distance to nearest training image, median", *quantile(0.5)),
    ]
    print()
    for name, value, *relation, limit in rows:
        sign = relation[0] if relation else ">="
        holds = {">=": value >= limit, "<": value < limit, "<=": value <= limit}[sign]
        print(f"{name:<60} {value:8.3f}   {sign:>2} {limit:7.3f}   {'yes' if holds else 'NO'}")
    print(f"\nFréchet distances of {len(found)} sets of {N}: {', '.join(f'{d:.2f}' for d in frechet)}")
    print(f"of {RIVAL_DRAWS} sets of the default mixture: {fmean(plain):.2f}, give or take {stdev(plain):.2f}")
    print(f"of the training digits themselves: {copied.frechet:.2f}")
    print(
        "The limits of the last two lines are 0.9 times the same quantiles of the held-out digits, the values the worst set's."
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
