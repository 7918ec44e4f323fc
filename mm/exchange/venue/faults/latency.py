"""How long something takes on its way, drawn from a distribution."""

import random
import re
from dataclasses import dataclass
from typing import Literal

from mm.domain.duration import parse_duration

Shape = Literal["fixed", "uniform", "exponential", "lognormal"]
_CALL = re.compile(r"^(exponential|lognormal)\(([^()]*)\)$")
_LONGEST_MS = 600_000
FORMS = "50ms, 10ms-200ms, exponential(MEAN, CAP) or lognormal(MEDIAN, SIGMA, CAP)"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds. `first` is the fixed time, the least, the mean or the median; `most` the greatest or the cap;
    `sigma` of the logarithm (lognormal only)."""

    shape: Shape
    first: float
    most: float
    sigma: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Latency":
        """Raises ValueError with the allowed forms."""
        text = text.strip()
        called = _CALL.match(text)
        if called:
            return cls._drawn(called[1], [part.strip() for part in called[2].split(",")], text)
        low, dash, high = text.partition("-")
        if dash:
            least, most = _ms(low), _ms(high)
            if least > most:
                raise ValueError(f"{text!r} begins above its end")
            return cls("uniform", least, most)
        fixed = _ms(text)
        return cls("fixed", fixed, fixed)

    @classmethod
    def _drawn(cls, shape: str, parts: list[str], text: str) -> "Latency":
        if len(parts) != (2 if shape == "exponential" else 3):
            raise ValueError(f"{text!r} is no latency; write {FORMS}")
        first, cap = _ms(parts[0]), _ms(parts[-1])
        if cap < first or first <= 0:
            raise ValueError(f"{text!r}: the cap must not lie under the first time, which must not be 0")
        if shape == "exponential":
            return cls("exponential", first, cap)
        return cls("lognormal", first, cap, _sigma(parts[1]))

    def draw(self, rng: random.Random) -> int:
        """Whole milliseconds."""
        if self.shape == "fixed":
            return round(self.first)
        if self.shape == "uniform":
            return round(rng.uniform(self.first, self.most))
        if self.shape == "exponential":
            return round(min(self.most, rng.expovariate(1 / self.first)))
        return round(min(self.most, self.first * rng.lognormvariate(0.0, self.sigma)))


def _ms(text: str) -> float:
    text = text.strip()
    if not re.fullmatch(r"[0-9.]{1,12}(?:ms|s|m)", text, re.ASCII):
        raise ValueError(f"{text!r} is no latency; write {FORMS}")
    milliseconds = parse_duration(text).total_seconds() * 1000
    if milliseconds > _LONGEST_MS:
        raise ValueError(f"{text!r} is longer than 10 minutes")
    return milliseconds


def _sigma(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,6})?", text, re.ASCII) or not 0 < float(text) <= 5:
        raise ValueError(f"{text!r} is no sigma; write a number above 0 and at most 5")
    return float(text)
