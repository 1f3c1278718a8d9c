"""pydicom's plugins, found once, and so that a folder named dl does no harm.

python-gdcm asks for the module dl, which Python 3 no longer has, and takes a folder of that name in the working
directory for it, upon which pydicom cannot be imported. So there is no dl while pydicom looks for its plugins.
"""

import importlib
import sys

_found = "dl" in sys.modules
if not _found:
    sys.modules["dl"] = None  # type: ignore[assignment]
importlib.import_module("pydicom.pixels.decoders")
if not _found:
    del sys.modules["dl"]
