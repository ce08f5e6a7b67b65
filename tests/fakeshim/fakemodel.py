# fakemodel.py - writes files that pass for TorchScript, for the fake shim
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import zipfile


def write(path, script=None):
    """Writes a TorchScript-like archive with @script (see fakeshim.c)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "code/__torch__/fake.py", "constants.pkl"):
            archive.writestr("fake/" + name, "fake")
        archive.writestr("fake/script.json", json.dumps(script or {}))
