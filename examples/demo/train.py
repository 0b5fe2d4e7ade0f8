"""Fits an income classifier on the k-anonymous Adult data, inside a sandbox.

It reads /data/adult/adult.parquet, writes /out/metrics.json and /out/model.json, and logs `name=value` lines. There is no
network, and nothing else can be written.

The model is a logistic regression over one-hot columns, so its coefficients by name are the whole model. They are kept as
JSON: loading a pickle runs whatever code is in it, and a reviewer cannot read what it holds.
"""

import json
import sys
import time

import numpy
import polars
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder

DATA = "/data/adult/adult.parquet"
TARGET = "salary-class"
POSITIVE = ">50K"
SEED = 20260101


def load():
    """Features as strings (generalized values are labels such as `[30, 40[`) and the target as 0 or 1."""
    frame = polars.read_parquet(DATA)
    if TARGET not in frame.columns:
        sys.exit(f"{DATA} has no column {TARGET}; it has {', '.join(frame.columns)}")
    names = [name for name in frame.columns if name != TARGET]
    features = frame.select(polars.col(names).cast(polars.String).fill_null("*")).to_numpy()
    return names, features, (frame[TARGET] == POSITIVE).to_numpy().astype(int)


def main():
    started = time.monotonic()
    names, features, target = load()
    print(f"rows={len(target)}", f"columns={','.join(names)}", flush=True)

    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=0.25, random_state=SEED, stratify=target
    )
    encoder = OneHotEncoder(handle_unknown="ignore").fit(train_x)
    model = LogisticRegression(max_iter=1000).fit(encoder.transform(train_x), train_y)

    scores = model.predict_proba(encoder.transform(test_x))[:, 1]
    predicted = (scores >= 0.5).astype(int)
    metrics = {
        "rows": len(target),
        "rows_tested": len(test_y),
        "accuracy": round(float(accuracy_score(test_y, predicted)), 4),
        "accuracy_of_always_the_majority": round(float(max(test_y.mean(), 1 - test_y.mean())), 4),
        "f1": round(float(f1_score(test_y, predicted)), 4),
        "roc_auc": round(float(roc_auc_score(test_y, scores)), 4),
        "seconds": round(time.monotonic() - started, 2),
    }
    for name, value in metrics.items():
        print(f"{name}={value}", flush=True)

    columns = encoder.get_feature_names_out(names)
    weights = {str(column): round(float(weight), 6) for column, weight in zip(columns, model.coef_[0])}
    with open("/out/metrics.json", "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=2)
    with open("/out/model.json", "w", encoding="utf-8") as file:
        json.dump(
            {
                "kind": "logistic regression over one-hot columns named COLUMN_VALUE",
                "target": f"{TARGET} is {POSITIVE}",
                "intercept": round(float(model.intercept_[0]), 6),
                "coefficients": weights,
                "numpy": numpy.__version__,
            },
            file,
            indent=2,
            ensure_ascii=False,
        )


if __name__ == "__main__":
    main()
