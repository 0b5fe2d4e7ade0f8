"""Notes of the invented registry that name a patient and their identification number.

    notes.py VISITS            numbers of laboratory samples that stand in one such note each
    notes.py VISITS SAMPLE     the identification number, the name and the note, between bars
"""

import json
import re
import sys

PATIENT = re.compile(r"(?:Пациент|Науқас):? ([^,]{5,60}),")
SAMPLE = re.compile(r"лаб\. № (\d{6})\b")


def telling_notes(path):
    """The number of the sample with number, name and note of the patient, of short notes that have all of them."""
    with open(path, encoding="utf-8") as lines:
        for visit in map(json.loads, lines):
            number, note = visit["patient_iin"], visit["notes"]
            sample, patient = SAMPLE.search(note), PATIENT.search(note)
            if sample and patient and number and number in note and len(note) < 1000:
                yield sample[1], (number, patient[1], " ".join(note.split()))


def main():
    notes = dict(telling_notes(sys.argv[1]))
    if len(sys.argv) > 2:
        print("|".join(notes[sys.argv[2]]))
    else:
        print(*list(notes)[:20])


if __name__ == "__main__":
    main()
