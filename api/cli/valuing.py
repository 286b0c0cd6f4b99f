"""`countersign ope`: what a bandit policy would have brought, from a log of random choices. Needs no home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import give
from policies.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.console import Console

    from tools.bandits.ridge import FloatArray
    from tools.experiments.off_policy import LoggedChoices, PolicyValue


def ope(
    ctx: typer.Context,
    log: Annotated[Path, typer.Argument(metavar="LOG", help="CSV file, one row a choice; .gz is read too.")],
    policy: Annotated[
        str,
        typer.Option(
            help="uniform, arm:NAME, or a bandit policy that learns: squarecb, thompson, softmax, …"
        ),
    ],
    method: Annotated[
        list[str] | None, typer.Option(help="ips, snips, dm, dr, sndr, dr_shrunk; all by default.")
    ] = None,
    arm: Annotated[str, typer.Option(help="Column of the chosen arm.")] = "arm",
    reward: Annotated[str, typer.Option(help="Column of the reward.")] = "reward",
    propensity: Annotated[
        str, typer.Option(help="Column of the propensity of the chosen arm.")
    ] = "propensity",
    feature: Annotated[
        list[str] | None, typer.Option(help="Column of a feature, or a beginning with *; may be repeated.")
    ] = None,
    interval: Annotated[str, typer.Option(help="normal or bootstrap.")] = "normal",
    seed: Annotated[int, typer.Option(help="Seed of folds and bootstrap.")] = 0,
) -> None:
    """Estimate a policy's reward per choice; too little overlap with the log is refused, saying so."""
    from store.logged_choices import read_logged_choices

    logged = read_logged_choices(log, arm=arm, reward=reward, propensity=propensity, features=feature or ())
    values = _values(logged, policy, method, interval, seed)
    answer = {
        "log": log.name,
        "policy": policy,
        "choices": len(logged.reward),
        "arms": len(logged.arms),
        "logged_mean": float(logged.reward.mean()),
        "values": [_json(value) for value in values],
    }
    give(ctx, answer, _show)


def _values(
    logged: LoggedChoices, policy: str, method: list[str] | None, interval: str, seed: int
) -> list[PolicyValue]:
    import numpy as np

    from tools.bandits.pricing import shares_at_price
    from tools.bandits.projection import ShareBounds
    from tools.bandits.registry import make_policy
    from tools.bandits.ridge import Posterior
    from tools.experiments.off_policy import METHODS, learned_policy_value, policy_value

    wanted = [m for m in METHODS if method is None or m in method]
    unknown = sorted(set(method or ()) - set(METHODS))
    if unknown:
        raise InvalidInputError(
            f"there is no method {unknown[0]}; known: {', '.join(METHODS)}", value=unknown[0]
        )
    kind = {"normal": "normal", "bootstrap": "bootstrap"}.get(interval)
    if kind is None:
        raise InvalidInputError(f"interval {interval} must be normal or bootstrap", value=interval)
    shape = (len(logged.reward), len(logged.arms))
    if policy == "uniform" or policy.startswith("arm:"):
        candidate = np.full(shape, 1 / shape[1])
        if policy != "uniform":
            candidate = np.zeros(shape)
            candidate[:, _arm_number(logged, policy.removeprefix("arm:"))] = 1.0
        return [policy_value(logged, candidate, m, seed=seed, interval=kind) for m in wanted]  # type: ignore[arg-type]
    made = make_policy(f"{policy}/1")

    def choose(posterior: Posterior, features: FloatArray) -> FloatArray:
        scores = posterior.predict(features)
        wide = np.sqrt(posterior.variances(features)) if made.needs_deviations else None
        mask, free = np.ones(scores.shape, dtype=np.bool_), np.zeros(scores.shape, dtype=np.int64)
        return shares_at_price(posterior, made, ShareBounds(), scores, wide, free, mask, 0.0)[1]

    if method is not None and method != ["dr"]:
        raise InvalidInputError(
            f"{policy} learns from the log, which only the cross-fitted method dr can value", value=policy
        )
    return [learned_policy_value(logged, choose, seed=seed, interval=kind)]  # type: ignore[arg-type]


def _arm_number(logged: LoggedChoices, name: str) -> int:
    if name not in logged.arms:
        raise InvalidInputError(
            f"the log has no arm {name}; it has {', '.join(logged.arms[:12])}", value=name
        )
    return logged.arms.index(name)


def _json(value: PolicyValue) -> dict[str, Any]:  # JSON
    found = value.value
    return {
        "method": value.method,
        "estimate": None if found is None else found.estimate,
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "effective_n": value.effective_n,
        "largest_weight": value.largest_weight,
        "reason": value.reason,
    }


def _show(console: Console, answer: dict[str, Any]) -> None:  # JSON
    from rich.table import Table

    console.print(
        f"{answer['policy']} on {answer['choices']:,} logged choices of {answer['arms']} arms; "
        f"the log's own mean is {answer['logged_mean']:.6g}"
    )
    table = Table(box=None, pad_edge=False)
    for name in ("method", "estimate", "95 % interval", "effective n", "largest weight"):
        table.add_column(name, justify="left" if name == "method" else "right")
    for value in answer["values"]:
        known = value["estimate"] is not None
        table.add_row(
            value["method"],
            f"{value['estimate']:.6g}" if known else "not estimable",
            f"{value['low']:.6g} to {value['high']:.6g}" if known else "",
            f"{value['effective_n']:,.0f}",
            f"{value['largest_weight']:.4g}",
        )
    console.print(table)
    for reason in sorted({value["reason"] for value in answer["values"]} - {""}):
        console.print(reason)
