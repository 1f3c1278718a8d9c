"""What kinds of object a peer may offer, and in which encodings."""

from __future__ import annotations

from pydicom import uid
from pynetdicom import AllStoragePresentationContexts

PLAIN_SYNTAXES = [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian]

# All that can be decoded. Not the deflated syntax: there a small object can grow without bound in memory.
SYNTAXES = [
    *PLAIN_SYNTAXES,
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.RLELossless,
]


def _image_classes() -> list[str]:
    known = [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    return [u for u in known if "Image Storage" in uid.UID(u).name and not uid.UID(u).name.startswith("Video")]


# Storage classes of still images; which of them can be judged is the judge's to say.
IMAGES = _image_classes()

# Reports are negotiated because an archive that sends a whole study back, our own report in it, may otherwise fail with
# the images too, as Orthanc does. Our own are confirmed; others are refused one by one.
REPORTS = [
    str(storage)
    for storage in (
        uid.BasicTextSRStorage,
        uid.EnhancedSRStorage,
        uid.ComprehensiveSRStorage,
        uid.Comprehensive3DSRStorage,
        uid.XRayRadiationDoseSRStorage,
        uid.KeyObjectSelectionDocumentStorage,
        uid.GrayscaleSoftcopyPresentationStateStorage,
    )
]
