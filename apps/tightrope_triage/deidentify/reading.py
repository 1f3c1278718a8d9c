"""A reading without what identifies its patient, so that its JSON line may travel with de-identified objects."""

from __future__ import annotations

from dataclasses import replace

from tightrope_triage.deidentify.pseudonyms import Pseudonyms
from tightrope_triage.reading import Reading


def deidentified_reading(reading: Reading, pseudonyms: Pseudonyms) -> Reading:
    """UIDs and patient as `deidentify` names them; without path, age and sex, which the basic profile takes too."""
    header = reading.header
    return replace(
        reading,
        header=replace(
            header,
            path=None,
            sop_instance_uid=pseudonyms.uid(header.sop_instance_uid),
            series_instance_uid=pseudonyms.uid(header.series_instance_uid),
            study_instance_uid=pseudonyms.uid(header.study_instance_uid),
            patient_id=pseudonyms.identifier(header.patient_id),
            age_years=None,
            sex=None,
        ),
    )
