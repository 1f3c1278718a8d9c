"""The structured report of a reading: DICOM Comprehensive 3D SR, template TID 1500, unverified and preliminary.

>>> structured_report(dataset, reading).save_as("reading.sr.dcm")                  # doctest: +SKIP
"""

from __future__ import annotations

from datetime import datetime

from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import RelationshipTypeValues
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from tightrope.errors import BadInputError
from tightrope_triage.outputs import codes
from tightrope_triage.outputs.source import CHARACTER_SET, MANUFACTURER, Identity, source_context
from tightrope_triage.reading import NOTICE, Algorithm, Reading, State

SERIES_NUMBER = 9101


def structured_report(dataset: Dataset, reading: Reading, when: datetime | None = None) -> Dataset:
    """The reading as a DICOM SR in the study of its source image `dataset`.

    COMPLETE where the image was judged, PARTIAL where it could not be. `when` is the moment of the report,
    now unless given.

    Raises:
        BadInputError: the source has no valid UIDs, or is of a SOP class that is no image's.
    """
    evidence = source_context(dataset)
    identity = Identity.of(dataset, reading, "SR")
    when = when or datetime.now()
    judged = reading.state is not State.CANNOT_JUDGE
    # highdicom warns of a name that looks odd, and says it: a patient's name has no place in a log.
    name, evidence.PatientName = evidence.PatientName, ""
    try:
        report = sr.Comprehensive3DSR(
            evidence=[evidence],
            content=_content(evidence, reading)[0],
            series_instance_uid=identity.series_instance_uid,
            series_number=SERIES_NUMBER,
            sop_instance_uid=identity.sop_instance_uid,
            instance_number=identity.instance_number,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=reading.algorithm.name,
            software_versions=reading.algorithm.version,
            device_serial_number=reading.algorithm.digest[-64:],
            series_description="Tightrope triage: report",
            is_complete=judged,
            specific_character_set=CHARACTER_SET,
            content_date=when.date(),
            content_time=when.time(),
            coding_schemes=[CodingSchemeIdentificationItem(codes.SCHEME, codes.SCHEME_NAME)],
        )
    except KeyError as error:
        raise BadInputError(
            f"a report needs an image of a known SOP class; this one is {evidence.SOPClassUID}"
        ) from error
    report.PatientName = name
    for equipment in report.ContributingEquipmentSequence:
        equipment.ContributionDateTime = when.strftime("%Y%m%d%H%M%S")
    report.InstanceCreationDate, report.InstanceCreationTime = report.ContentDate, report.ContentTime
    if not judged:
        report.CompletionFlagDescription = "The algorithm could not judge this image"
    return report


def _content(evidence: Dataset, reading: Reading) -> sr.MeasurementReport:
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=_observer(reading.algorithm)),
        procedure_reported=codes.RADIOGRAPHY,
        imaging_measurements=[_group(evidence, reading)],
    )


def _observer(algorithm: Algorithm) -> sr.ObserverContext:
    return sr.ObserverContext(
        observer_type=Code("121007", "DCM", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=generate_uid(entropy_srcs=[algorithm.digest]),
            name=algorithm.name,
            manufacturer_name=MANUFACTURER,
            model_name=algorithm.name,
        ),
    )


def _group(evidence: Dataset, reading: Reading) -> sr.MeasurementsAndQualitativeEvaluations:
    """TID 1501: what was said, by what algorithm, of which image. Its template is extensible: texts follow."""
    header = reading.header
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=generate_uid(
                entropy_srcs=[evidence.SOPInstanceUID, "|", reading.algorithm.digest, "|", str(header.frame)]
            ),
            identifier="Triage of a radiograph",
        ),
        algorithm_id=sr.AlgorithmIdentification(
            name=reading.algorithm.name,
            version=reading.algorithm.version,
            manufacturer=MANUFACTURER,
            parameters=[f"model sha256: {reading.algorithm.digest}", f"operating point: {reading.point.name}"],
        ),
        measurements=_measurements(reading),
        qualitative_evaluations=[sr.QualitativeEvaluation(codes.PLACE_IN_QUEUE, codes.STATES[reading.state])],
        source_images=[
            sr.SourceImageForMeasurementGroup(
                evidence.SOPClassUID, evidence.SOPInstanceUID, [header.frame] if header.frames > 1 else None
            )
        ],
    )
    texts = [(codes.REASON, reason) for reason in reading.reasons] + [(codes.COMMENT, NOTICE)]
    group[0].ContentSequence.extend(
        sr.TextContentItem(name, text, RelationshipTypeValues.CONTAINS) for name, text in texts
    )
    return group


def _measurements(reading: Reading) -> list[sr.Measurement]:
    """The probability where the model was asked, and what its operating point did on patients it never saw."""
    point = reading.point
    named = [(codes.THRESHOLD, point.probability)]
    named += zip(codes.SENSITIVITY, point.sensitivity, strict=True)
    named += zip(codes.SPECIFICITY, point.specificity, strict=True)
    if reading.probability is not None:
        named.insert(0, (codes.PROBABILITY, reading.probability))
    return [sr.Measurement(name, round(float(value), 6), codes.NO_UNITS) for name, value in named]
