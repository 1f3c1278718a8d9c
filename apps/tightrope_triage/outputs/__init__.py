"""What leaves the app: a DICOM SR, a Secondary Capture and a JSON line for each reading.

>>> from tightrope_triage.outputs.files import write_outputs                       # doctest: +SKIP
>>> write_outputs(folder, dataset, reading, displayed)                             # doctest: +SKIP

highdicom is slow to import, so only `sr` imports it, and `files` imports `sr` when it writes one.
"""
