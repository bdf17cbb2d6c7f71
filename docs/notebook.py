# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---
# %% [markdown]
# # From a finished run to a figure
#
# After `make demo` or another run. Jupyter with jupytext opens this file as a notebook; plain
# Python runs it from the project's folder as well, and writes `notebook.png`.

# %%
import matplotlib.pyplot as plt
import polars as pl

from pipeline_lib.api import compare, open_run

run = open_run("results/sample")
print({dataset: run.methods(dataset) for dataset in run.datasets})

# %% [markdown]
# Two methods on the test users of one split, user by user:

# %%
paml, melu = (run.results("movielens", method) for method in ("paml", "melu"))
print(compare(paml, melu))

# %%
error = pl.col("mse").mean()
users = (
    paml.users.group_by("user", "group")
    .agg(error.alias("PAML"))
    .join(melu.users.group_by("user").agg(error.alias("MeLU")), on="user")
)
print(users.sort("user"))

# %% [markdown]
# A user whom no log has, who likes one film and dislikes another. How far do PAML's scores of these
# two move with the inner rate?

# %%
trained = run.load("movielens", "paml")
liked, disliked = trained.items[0], trained.items[1]
support = {liked: 5.0, disliked: 1.0}
profile = {name: known[0] for name, known in trained.user_features.items()}
rates = [0.0, 0.01, 0.02, 0.05, 0.1, 0.2]
adapted = pl.concat(
    trained.adapt(profile, support, inner_lr=rate)
    .filter(pl.col("target").is_not_null())
    .with_columns(inner_lr=pl.lit(rate))
    for rate in rates
)
print(adapted)

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for group, own in users.sort("group").partition_by("group", as_dict=True).items():
    left.scatter(own["MeLU"], own["PAML"], s=12, label=f"{group[0]} users")
left.axline((0, 0), slope=1, color="grey", linewidth=0.8)
left.set(xlabel="MSE of a test user, MeLU", ylabel="MSE of the same user, PAML")
left.legend()
for item, said in ((liked, "liked"), (disliked, "disliked")):
    scores = adapted.filter(item=item)
    right.plot(scores["inner_lr"], scores["after"], marker="o", label=f"the film {said}")
right.set(xlabel="inner rate", ylabel="score after adaptation")
right.legend()
figure.savefig("notebook.png", dpi=120)
