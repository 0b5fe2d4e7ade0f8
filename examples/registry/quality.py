"""Reads a run (`sandyq --output json run show RUN`) and tells the quality of its data as it was taken in, in a few lines."""

import json
import sys


def percent(share):
    return f"{100 * share:.2f}%"


def tell(dataset):
    duplicates = dataset["duplicates"]
    print(
        f"{dataset['dataset']}: {dataset['rows']} rows of {duplicates['subjects']} people, {percent(dataset['completeness'])} filled,",
        f"{duplicates['rows']} repeated",
    )
    checked = [column for column in dataset["columns"] if column["validity"]]
    for column in checked:
        print(f"  {column['column']} ({column['type']}): {percent(column['validity']['share'])} valid")
    for language in dataset["languages"]:
        shares = ", ".join(f"{name} {percent(language[name])}" for name in ("kazakh", "russian"))
        print(f"  {language['column']}: sentences {shares}, several languages in {percent(language['mixed'])} of the texts")


def main():
    quality = json.loads(json.load(sys.stdin)["quality_json"])
    for dataset in quality["datasets"]:
        tell(dataset)
    population = next(dataset for dataset in quality["datasets"] if dataset["dataset"] == "citizens")
    for part in population["distributions"]:
        print(f"by {part['dimension'].replace('_', ' ')}: {percent(part['distance'])} away from the population of Kazakhstan")
    print("every threshold of the profile holds" if not quality["breaches"] else "below a threshold of the profile")


if __name__ == "__main__":
    main()
