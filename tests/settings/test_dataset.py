"""Each kind of mistake in a dataset's YAML: the key, what is wrong and the right form are named."""

from pathlib import Path

import pytest

from tests.settings.shop import refusal

FEATURES = """a feature is categorical, bucketed, numeric or multi-valued; write \
`gender: categorical`, `genres: {kind: multi-valued, separator: "|"}`, \
`price: numeric` or `age: {kind: bucketed, edges: [18, 25, 35]}`"""
TASKS = "a task is a rating or a click; write `{kind: rating, scale: [1, 5]}` or `{kind: click}`"
TASK, EDGES = "{kind: rating, scale: [1, 5]}", "edges: [25, 40, 60]"
GENDER, CATEGORY, TITLE = "gender: categorical", "category: categorical", "title: My shop"
CASES = {
    # keys
    "an unknown key": (
        "  user: customer\nitems",
        "  usr: customer\nitems",
        "users: unknown key 'usr'; did you mean 'user'? Known: blank, columns, encoding, file, "
        "filters, presence, quotes, separator, user",
    ),
    "an unknown key of a feature, named without the union's tag": (
        GENDER,
        "gender: {kind: categorical, value: [f]}",
        "user_features.gender: unknown key 'value'; did you mean 'values'? Known: between, case, "
        "column, entities, extract, kind, meaning, missing, pattern, remove, replace, values",
    ),
    "a missing key": (
        "title: My shop\n",
        "",
        "title: missing; add it; write for example `title: My shop`",
    ),
    "a missing key of a task": (
        TASK,
        "{kind: rating}",
        "task.scale: missing; add it; write for example `scale: [1, 5]`",
    ),
    "a number that is replaced twice": (
        "target: stars",
        "target: {column: stars, replace: {1: 0, '1.0': 2}}",
        "interactions.target.replace: 1 and 1.0 are the same number; keep one of the two",
    ),
    "an encoding that there is not": (
        "file: customers.tsv",
        "file: customers.tsv\n  encoding: latin1x",
        "users.encoding: unknown encoding 'latin1x'; write for example `encoding: latin-1`",
    ),
    "steps that miss the end of the scale": (
        TASK,
        "{kind: rating, scale: [0.5, 5], step: 1}",
        "task: steps of 1 do not lead from 0.5 to 5; write for example "
        "`{kind: rating, scale: [0.5, 5], step: 0.5}`",
    ),
    # kinds
    "an unknown kind": (
        GENDER,
        "gender: catgorical",
        f"user_features.gender: unknown kind 'catgorical': {FEATURES}",
    ),
    "no kind": (GENDER, "gender: {missing: drop}", f"user_features.gender: {FEATURES}"),
    "nothing behind a feature": (GENDER, "gender:", f"user_features.gender: {FEATURES}"),
    "a bucketed feature by its kind alone": (
        GENDER,
        "gender: bucketed",
        "user_features.gender.edges: missing; add it; write for example `edges: [18, 25, 35, 50]`",
    ),
    "a multi-valued feature by its kind alone": (
        CATEGORY,
        "category: multi-valued",
        "item_features.category: needs either `separator`, as `{kind: multi-valued, separator: "
        '"|"}`, or `flags`, as `{kind: multi-valued, flags: [action, comedy]}`',
    ),
    "flags of one column": (
        CATEGORY,
        "category: {kind: multi-valued, column: x, flags: [a, b]}",
        "item_features.category: column: the columns are those of `flags`; take it out",
    ),
    "a group by a feature of several values": (
        TITLE,
        f"{TITLE}\npartition: {{group_features: [tags]}}",
        "partition.group_features: tags is no categorical or bucketed user feature; there are "
        "gender, country, age",
    ),
    "a task by its kind alone": (TASK, "rating", f"task: {TASKS}"),
    "an unknown task": (TASK, "{kind: clicks}", f"task: unknown kind 'clicks': {TASKS}"),
    "a task without a kind": (TASK, "{scale: [1, 5]}", f"task: {TASKS}"),
    "a scale for clicks": (
        TASK,
        "{kind: click, scale: [0, 1]}",
        "task: unknown key 'scale'; Known: clicked_weight, kind, other_weight",
    ),
    # values
    "edges that do not rise": (
        EDGES,
        "edges: [40, 25]",
        "user_features.age.edges: must rise, but is [40.0, 25.0]; "
        "write for example `edges: [18, 25, 35, 50]`",
    ),
    "an edge that is no number": (
        EDGES,
        "edges: [young, 60]",
        "user_features.age.edges.0: must be a number, but is 'young'; "
        "write for example `edges: [18, 25, 35, 50]`",
    ),
    "one edge, not in a list": (
        EDGES,
        "edges: 25",
        "user_features.age.edges: must be a list in [ ], but is 25; "
        "write for example `edges: [18, 25, 35, 50]`",
    ),
    "a scale that falls": (
        "[1, 5]",
        "[5, 1]",
        "task.scale: must rise, but is [5.0, 1.0]; write for example `scale: [1, 5]`",
    ),
    "half a range": (
        EDGES,
        "edges: [25], between: [10]",
        "user_features.age.between.1: missing; more values are needed; "
        "write for example `between: [10, 100]`",
    ),
    "a pattern that does not compile": (
        GENDER,
        "gender: {kind: categorical, pattern: '[fm'}",
        "user_features.gender.pattern: `[fm` is not a regular expression: unclosed character "
        r"class; write for example `pattern: ^\d{5}$`",
    ),
    "an extraction without a group": (
        GENDER,
        r"gender: {kind: categorical, extract: '\d+'}",
        r"user_features.gender.extract: `\d+` has no group; put what is to be kept in ( ); "
        r"write for example `extract: \((\d{4})\)$`",
    ),
    "a meaning without a pattern": (
        GENDER,
        "gender: {kind: categorical, meaning: f or m}",
        "user_features.gender: meaning says in words what `pattern` asks for; add a pattern",
    ),
    "texts that YAML takes for booleans": (
        GENDER,
        "gender: {kind: categorical, values: [yes, no]}",
        "user_features.gender.values: yes, no, true and false are no values of any setting; if a "
        'text is meant, put it in quotes: "no"; write for example `values: [F, M]`',
    ),
    "a boolean among replacements": (
        GENDER,
        "gender: {kind: categorical, replace: {no: ''}}",
        "user_features.gender.replace: the name False must be a text; if a text is meant, put it "
        "in quotes: \"no\"; write for example `replace: {u.s.a.: usa, unknown: ''}`",
    ),
    "a text that YAML takes for nothing": (
        "  target: stars\n",
        "  target: stars\n  blank: [NULL]\n",
        "interactions.blank.0: must be a text, but is empty; if the text NULL or ~ is meant, put "
        'it in quotes: "NULL"; write for example `blank: ["NULL", "-"]`',
    ),
    "a title that YAML takes for a number": (
        TITLE,
        "title: 12",
        'title: must be a text, but is 12; put it in quotes: "12"; write for example '
        "`title: My shop`",
    ),
    "a file in another folder": (
        "customers.tsv",
        "data/customers.tsv",
        "users.file: must be a plain name without folders, but is 'data/customers.tsv'; "
        "write for example `file: users.csv`",
    ),
    "an unknown generator": (
        TITLE,
        f"{TITLE}\nsample: {{generator: shop, users: 30, items: 30, seed: 1}}",
        "sample.generator: must be 'movielens', 'bookcrossing' or 'taobao', but is 'shop'",
    ),
    "a share that is no share": (
        TITLE,
        f"{TITLE}\npartition: {{cold_share: 80}}",
        "partition.cold_share: must be less than or equal to 1, but is 80; "
        "write for example `cold_share: 0.8`",
    ),
    "too few interactions": (
        TITLE,
        f"{TITLE}\npartition: {{min_interactions: 1}}",
        "partition.min_interactions: must be greater than or equal to 2, but is 1",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), CASES.values(), ids=CASES)
def test_a_mistake_is_named_with_the_right_form(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert refusal(tmp_path, old, new) == message


def test_every_mistake_is_listed(tmp_path: Path) -> None:
    lines = refusal(tmp_path, "title: My shop\nlicence", "titel: My shop\nlicense").splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "title: missing",
        "licence: missing",
        "unknown key 'titel'",
        "unknown key 'license'",
    ]
