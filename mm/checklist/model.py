"""A checklist: items judged one by one, each with its evidence. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    OK = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Item:
    """`plan` its id in the rollout plan (empty: beyond it). `blocking`: a fail of it refuses the run.
    `evidence` what was seen; `mend` how to put it right (empty when it passed)."""

    id: str
    plan: str
    blocking: bool
    result: Result
    evidence: str
    mend: str = ""

    @property
    def refuses(self) -> bool:
        return self.blocking and self.result is Result.FAIL


@dataclass(frozen=True, slots=True)
class Checklist:
    name: str
    environment: str
    profile: str
    items: tuple[Item, ...]

    @property
    def refusals(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.refuses)

    @property
    def warnings(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.result is not Result.OK and not item.refuses)

    def as_dict(self) -> dict[str, object]:
        return {
            "checklist": self.name,
            "environment": self.environment,
            "profile": self.profile,
            "passed": not self.refusals,
            "items": [
                {
                    "id": item.id,
                    "plan": item.plan,
                    "blocking": item.blocking,
                    "result": item.result.value,
                    "evidence": item.evidence,
                    "mend": item.mend,
                }
                for item in self.items
            ],
        }


@dataclass(frozen=True, slots=True)
class Check:
    """Makes items of one kind: `Check("disk", "P-5.1").passed("…")`."""

    id: str
    plan: str = ""
    blocking: bool = True

    def passed(self, evidence: str) -> Item:
        return Item(self.id, self.plan, self.blocking, Result.OK, evidence)

    def warned(self, evidence: str, mend: str) -> Item:
        return Item(self.id, self.plan, self.blocking, Result.WARN, evidence, mend)

    def failed(self, evidence: str, mend: str) -> Item:
        return Item(self.id, self.plan, self.blocking, Result.FAIL, evidence, mend)
