"""Writes the fixtures beside it: what NumPy itself writes (2.4.6 was used). Run by hand; no test needs Python."""

import pathlib

import numpy as np
from numpy.lib import format as npy

here = pathlib.Path(__file__).parent
x = np.arange(24, dtype=np.float64).reshape(2, 3, 4) / 8 - 1

np.save(here / "c-f4.npy", x.astype("<f4"))
np.save(here / "c-f8.npy", x)
np.save(here / "big-endian-f4.npy", x.astype(">f4"))
np.save(here / "fortran-f4.npy", np.asfortranarray(x.astype("<f4")))
np.save(here / "fortran-big-endian-f8.npy", np.asfortranarray(x.astype(">f8")))
np.save(here / "i8.npy", np.arange(-2, 4, dtype="<i8").reshape(6))
np.save(here / "scalar-f8.npy", np.float64(0.5))
np.save(here / "empty-f4.npy", np.zeros((0, 3), "<f4"))
np.save(here / "f2.npy", x.astype("<f2"))
np.save(here / "i4.npy", x.astype("<i4"))
np.save(here / "structured.npy", np.zeros(3, [("a'b", "<f4"), ("ß", "<i4")]))  # version 3.0
np.save(here / "object.npy", np.array([None, "x"], object))
for version in (1, 2, 3):
    with open(here / f"version-{version}.npy", "wb") as file:
        npy.write_array(file, x.astype("<f4"), version=(version, 0))
np.savez(here / "stored.npz", a=x.astype("<f4"), b=np.arange(3.0))
np.savez_compressed(here / "deflated.npz", a=x.astype("<f4"), b=np.arange(3.0))
