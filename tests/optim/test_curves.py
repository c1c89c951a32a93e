"""The reference curves: data, models and certified numbers prove each other."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from mlpath.optim._curves import boxbod, misra, thurber


@pytest.mark.parametrize("curve", [misra(), boxbod(), thurber()], ids=["misra", "boxbod", "thurber"])
def test_curves_are_fitted_best_by_the_certified_parameters(curve):
    parameters, covariance = curve_fit(
        lambda x, *b: curve.model(np.array(b), x), curve.x, curve.y, curve.starts[1], ftol=1e-14, xtol=1e-14
    )
    np.testing.assert_allclose(parameters, curve.certified, rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), curve.certified_deviations, rtol=1e-5)
    freedom = len(curve.x) - len(parameters)
    deviation = (curve.residuals(curve.certified) ** 2).sum() / freedom
    np.testing.assert_allclose(deviation**0.5, curve.residual_deviation, rtol=1e-9)


@pytest.mark.parametrize("curve", [misra(), boxbod(), thurber()], ids=["misra", "boxbod", "thurber"])
def test_slopes_are_the_derivatives_of_the_residuals(curve):
    b = curve.starts[1]
    for j, slopes in enumerate(curve.slopes(b).T):
        shift = np.zeros_like(b)
        shift[j] = 1e-5 * b[j]
        difference = (curve.residuals(b + shift) - curve.residuals(b - shift)) / (2 * shift[j])
        np.testing.assert_allclose(slopes, difference, rtol=1e-6, atol=1e-6 * abs(slopes).max())
