"""Parameters checked scikit-learn's way, refused skface's way."""

from skface.exceptions import ParameterError


def validate_params(estimator):
    """Check an estimator against its ``_parameter_constraints``.

    Raises
    ------
    ParameterError
        With scikit-learn's text, which names the parameter and what it may be.
    """
    try:
        estimator._validate_params()
    except ValueError as error:
        raise ParameterError(str(error)) from None
