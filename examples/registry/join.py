"""Joins the depersonalized registry inside a sandbox, and shows what became of a note.

It gets numbers of laboratory samples as arguments: they tell notes apart and are nobody's. It reads /data/registry and logs
`name=value` lines; /out stays empty.
"""

import re
import sys

import polars

WEIGHTS = (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))
TWELVE_DIGITS = re.compile(r"(?<!\w)\d{12}(?!\w)")


def has_right_check_digit(number):
    """The check digit of an identification number; surrogates have a wrong one."""
    digits = [int(digit) for digit in number]
    for weights in WEIGHTS:
        check = sum(weight * digit for weight, digit in zip(weights, digits)) % 11
        if check < 10:
            return check == digits[11]
    return False


def identification_numbers(frame):
    """How many numbers with a right check digit stand anywhere in the table."""
    cells = (cell for name in frame.columns for cell in frame[name].cast(polars.String).drop_nulls())
    return sum(has_right_check_digit(number) for cell in cells for number in TWELVE_DIGITS.findall(cell))


def main():
    citizens = polars.read_parquet("/data/registry/citizens.parquet")
    visits = polars.read_parquet("/data/registry/visits.parquet")
    joined = visits.join(citizens, left_on="patient_iin", right_on="ИИН")
    print(f"citizens={citizens.height}", f"visits={visits.height}", f"joined={joined.height}", flush=True)
    print(f"identification_numbers={identification_numbers(citizens) + identification_numbers(visits)}", flush=True)
    frequent = joined.group_by("Дата рождения", "Пол").len().sort("len", descending=True)
    for decade, sex, count in frequent.head(3).rows():
        print(f"visits of people born {decade}, {sex}: {count}", flush=True)
    for sample in sys.argv[1:]:
        row = joined.filter(polars.col("notes").str.contains(sample, literal=True))
        if row.height == 1:
            print(f"pseudonym={row['patient_iin'][0]}", flush=True)
            print(f"sample={sample}", flush=True)
            print(f"note={' '.join(row['notes'][0].split())}", flush=True)
            return
    sys.exit("none of the notes was released")


if __name__ == "__main__":
    main()
