"""Three curves to fit, with parameters and standard deviations that are known to ten digits.

They are from the Statistical Reference Datasets of the National Institute of Standards and Technology, which are in the
public domain: https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Parameters = Float[np.ndarray, " n_params"]


@dataclass(frozen=True)
class Curve:
    """Observations, and a model of them with what is certified of its best fit.

    Attributes
    ----------
    x, y : ndarray
        Where was measured, and what.
    model : callable
        Takes parameters and places and returns the model's values there.
    jacobian : callable
        Takes parameters and places and returns the derivatives by the parameters, a row for each place.
    starts : ndarray
        Two points to start from, one a row: the first is far away, the second near.
    certified, certified_deviations : ndarray
        The best parameters and their standard deviations.
    residual_deviation : float
        The root of the sum of squares over the degrees of freedom.
    """

    x: Float[np.ndarray, " n_samples"]
    y: Float[np.ndarray, " n_samples"]
    model: Callable[[Parameters, np.ndarray], np.ndarray]
    jacobian: Callable[[Parameters, np.ndarray], np.ndarray]
    starts: Float[np.ndarray, "n_starts n_params"]
    certified: Float[np.ndarray, " n_params"]
    certified_deviations: Float[np.ndarray, " n_params"]
    residual_deviation: float

    def residuals(self, parameters: Parameters) -> Float[np.ndarray, " n_samples"]:
        """Return the model less the observations."""
        return self.model(parameters, self.x) - self.y

    def slopes(self, parameters: Parameters) -> Float[np.ndarray, "n_samples n_params"]:
        """Return the derivatives of the residuals."""
        return self.jacobian(parameters, self.x)


def _saturating(b: Parameters, x: np.ndarray) -> np.ndarray:
    return -b[0] * np.expm1(-b[1] * x)


def _saturating_slopes(b: Parameters, x: np.ndarray) -> np.ndarray:
    return np.column_stack([-np.expm1(-b[1] * x), b[0] * x * np.exp(-b[1] * x)])


def _cubics(b: Parameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    powers = x[:, None] ** np.arange(4)
    return powers, powers @ b[:4], 1 + powers[:, 1:] @ b[4:]


def _rational(b: Parameters, x: np.ndarray) -> np.ndarray:
    _, above, below = _cubics(b, x)
    return above / below


def _rational_slopes(b: Parameters, x: np.ndarray) -> np.ndarray:
    powers, above, below = _cubics(b, x)
    return np.column_stack([powers / below[:, None], -(above / below**2)[:, None] * powers[:, 1:]])


def misra() -> Curve:
    """Return Misra1a: 14 observations of adsorbed volume against pressure, two parameters, lower difficulty."""
    return Curve(
        x=np.array([77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]),
        y=np.array([10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]),
        model=_saturating,
        jacobian=_saturating_slopes,
        starts=np.array([[500, 1e-4], [250, 5e-4]]),
        certified=np.array([2.3894212918e02, 5.5015643181e-04]),
        certified_deviations=np.array([2.7070075241e00, 7.2668688436e-06]),
        residual_deviation=1.0187876330e-01,
    )


def boxbod() -> Curve:
    """Return BoxBOD: 6 observations of biochemical oxygen demand over days, two parameters, higher difficulty."""
    return Curve(
        x=np.array([1.0, 2.0, 3.0, 5.0, 7.0, 10.0]),
        y=np.array([109.0, 149.0, 149.0, 191.0, 213.0, 224.0]),
        model=_saturating,
        jacobian=_saturating_slopes,
        starts=np.array([[1.0, 1.0], [100.0, 0.75]]),
        certified=np.array([2.1380940889e02, 5.4723748542e-01]),
        certified_deviations=np.array([1.2354515176e01, 1.0455993237e-01]),
        residual_deviation=1.7088072423e01,
    )


def thurber() -> Curve:
    """Return Thurber: 37 observations of electron mobility against log density, seven parameters, higher difficulty."""
    return Curve(
        x=np.array(
            [-3.067, -2.981, -2.921, -2.912, -2.840, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363, -2.322, -1.501]
            + [-1.460, -1.274, -1.212, -1.100, -1.046, -0.915, -0.714, -0.566, -0.545, -0.400, -0.309, -0.109, -0.103]
            + [0.010, 0.119, 0.377, 0.790, 0.963, 1.006, 1.115, 1.572, 1.841, 2.047, 2.200]
        ),
        y=np.array(
            [80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696, 101.060, 401.672]
            + [390.724, 567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109, 1080.914, 1122.643, 1178.351]
            + [1260.531, 1273.514, 1288.339, 1327.543, 1353.863, 1414.509, 1425.208, 1421.384, 1442.962, 1464.350]
            + [1468.705, 1447.894, 1457.628]
        ),
        model=_rational,
        jacobian=_rational_slopes,
        starts=np.array([[1000, 1000, 400, 40, 0.7, 0.3, 0.03], [1300, 1500, 500, 75, 1, 0.4, 0.05]]),
        certified=np.array(
            [1.2881396800e03, 1.4910792535e03, 5.8323836877e02, 7.5416644291e01]
            + [9.6629502864e-01, 3.9797285797e-01, 4.9727297349e-02]
        ),
        certified_deviations=np.array(
            [4.6647963344e00, 3.9571156086e01, 2.8698696102e01, 5.5675370270e00]
            + [3.1333340687e-02, 1.4984928198e-02, 6.5842344623e-03]
        ),
        residual_deviation=1.3714600784e01,
    )
