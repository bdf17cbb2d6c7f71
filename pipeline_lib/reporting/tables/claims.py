"""What the paper says of users' errors, inner rates and embeddings, measured."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.tables.cells import number_cell
from pipeline_lib.reporting.tables.checks import check_claims, mean_effect
from pipeline_lib.reporting.tables.methods import table_of
from pipeline_lib.reporting.tables.notes import split_note, titled
from pipeline_lib.reporting.tables.table import Table, TableColumn
from pipeline_lib.training.record import TrainingRecord


def claims_table(
    comparison: Comparison, trainings: Sequence[TrainingRecord], separation: pl.DataFrame | None
) -> Table:
    """Tabulate users' quartiles and outliers, how far groups' rates and embeddings are apart.

    separation: in the columns of `pipeline_lib.schemas.results.SEPARATION`; None where no method
    has embeddings. The notes check the claims one by one, and name the methods that they lack.
    """
    error, methods = metric_for("error", comparison.task.kind), comparison.methods
    gammas = {t.method: float(t.settings["gamma"]) for t in trainings if "gamma" in t.settings}
    stopped = {method.name for method in comparison.stopped}
    rows = [] if separation is None else separation.to_dicts()
    found = [row for row in rows if row["method"] not in stopped]
    quartiles = f".{error.digits}f"
    shown: list[tuple[str, str, Callable[[MethodResult], float | None], str]] = [
        ("lower quartile", "quartile_1", lambda m: m.spread.low, quartiles),
        ("median", "median", lambda m: m.spread.median, quartiles),
        ("upper quartile", "quartile_3", lambda m: m.spread.high, quartiles),
        ("outliers", "outliers", lambda m: m.spread.outliers, ","),
        ("γ", "gamma", lambda m: gammas.get(m.name), "g"),
        ("rates' d", "rates_d", mean_effect, "+.2f"),
    ]
    columns = [
        TableColumn(header, (field,), {m.name: number_cell(value(m), form) for m in methods})
        for header, field, value, form in shown
    ]
    for header, field in (("AUC of groups", "auc"), ("untrained", "untrained_auc")):
        cells = {str(row["method"]): number_cell(row[field], ".3f") for row in found}
        columns.append(TableColumn(header, (f"group_{field}",), cells))
    title = titled(
        f"{comparison.title}: users' {error.label}, inner rates and embeddings",
        "Sections 5.2 and D.7",
        comparison,
    )
    notes = [
        *_meanings(error.label, found),
        *check_claims(comparison, trainings, found),
        split_note(comparison),
    ]
    return table_of(comparison, methods, title, columns, notes)


def _meanings(error: str, found: Sequence[Mapping[str, object]]) -> list[str]:
    users = found[0]["users"] if found else None
    return [
        f"Quartiles: of users' {error}, each user's averaged over seeds. Outliers: users beyond "
        "the quartiles by more than 1.5 times their distance, as in box plots.",
        "rates' d: how far minor users' inner learning rates are above major users', in standard "
        "deviations of a group's (Cohen's d), mean over seeds; a dash where all rates are alike.",
        *(
            [
                "AUC of groups: how well a logistic regression on the embeddings of "
                f"{users:,} test users tells major from minor ones that it has not seen (up "
                "to five folds; 0.5 is chance), of the first seed; untrained: on those that the "
                "training began with."
            ]
            if users
            else ["No method with embeddings was run, or none of the methods that show them."]
        ),
    ]
