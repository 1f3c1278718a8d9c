"""De-identification by the basic profile of DICOM PS3.15, Annex E; it never says that pixels are clean.

>>> from tightrope_triage.deidentify.dataset import deidentify                     # doctest: +SKIP
>>> from tightrope_triage.deidentify.pseudonyms import Pseudonyms                  # doctest: +SKIP
>>> done = deidentify(dataset, Pseudonyms.of_this_run())                           # doctest: +SKIP
>>> done.dataset, done.notes                                                       # doctest: +SKIP
"""
