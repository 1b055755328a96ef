"""Writes the files beside it, as SciPy 1.10 and h5py 3.7 do: python3 make.py"""

from pathlib import Path

import h5py
import numpy as np
import scipy.io
import scipy.sparse

HERE = Path(__file__).parent
ROWS, COLUMNS = np.mgrid[0:7, 0:10]
MASK = ((3 * ROWS + 5 * COLUMNS) % 21).astype(np.uint8)


def save(name, variables, **options):
    # The header has the time of writing: the same bytes whenever this is run.
    path = HERE / name
    scipy.io.savemat(path, variables, **options)
    content = bytearray(path.read_bytes())
    content[:116] = b"MATLAB 5.0 MAT-file".ljust(116)
    path.write_bytes(content)


def sbd():
    boundaries = np.empty((20, 1), object)
    for i in range(20):
        boundaries[i, 0] = scipy.sparse.csc_matrix(MASK == i + 1)
    present = np.unique(MASK[MASK > 0]).astype(np.uint8)[:, None]
    return {"GTcls": {"Boundaries": boundaries, "Segmentation": MASK, "CategoriesPresent": present}}


def kinds():
    records = np.zeros((1, 2), [("name", object), ("size", object)])
    records[0, 0] = ("cat", np.array([[1.5, 2.5]]))
    records[0, 1] = ("dog", np.zeros((0, 0)))
    cell = np.empty((1, 3), object)
    cell[0, :] = ["text", np.int32([[1], [-2]]), np.array([[True, False]])]
    return {
        "small": np.uint16([[7]]),
        "double": np.array([[0.5, -1e300], [np.inf, 3]]),
        "single": np.float32([[0.1, 2]]),
        "wide": np.int64([[-(2**60), 5]]),
        "logical": np.array([[True, False, True]]),
        "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
        "lines": np.array(["ab", "cd"]),
        "umlaut": "größe €",
        "records": records,
        "cell": cell,
        "sparse": scipy.sparse.csc_matrix(np.eye(3)),
        "complex": np.array([[1 + 2j]]),
        "a_variable_with_a_long_name": np.int8([[-1, 2, 3]]),
    }


def version73(name, fill):
    path = HERE / name
    with h5py.File(path, "w", userblock_size=512, libver="earliest") as file:
        fill(file)
    content = bytearray(path.read_bytes())
    content[:128] = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    path.write_bytes(content)


def dataset(group, name, values, matlab_class, **options):
    made = group.create_dataset(name, data=np.asarray(values).T, track_times=False, **options)
    made.attrs["MATLAB_class"] = np.bytes_(matlab_class)


def sbd73(file):
    group = file.create_group("GTcls")
    group.attrs["MATLAB_class"] = np.bytes_("struct")
    dataset(group, "Segmentation", MASK, "uint8", compression="gzip", chunks=(10, 7))
    dataset(group, "CategoriesPresent", np.unique(MASK[MASK > 0])[:, None].astype(np.float64), "double")


def kinds73(file):
    dataset(file, "double", [[0.5, -1e300], [np.inf, 3]], "double")
    dataset(file, "cube", np.arange(24, dtype=np.int16).reshape(2, 3, 4), "int16")
    dataset(file, "logical", np.uint8([[1, 0, 1]]), "logical")
    dataset(file, "text", np.uint16([[ord(letter) for letter in "größe"]]), "char")
    dataset(file, "empty", np.uint64([0, 0]), "double")
    file["empty"].attrs["MATLAB_empty"] = np.uint8(1)
    references = file.create_group("#refs#")
    dataset(references, "a", [[1.0]], "double")
    cell = file.create_dataset("cell", (1, 1), h5py.ref_dtype, track_times=False)
    cell[0, 0] = references["a"].ref
    cell.attrs["MATLAB_class"] = np.bytes_("cell")


save("sbd.mat", sbd())
save("sbd-compressed.mat", sbd(), do_compression=True)
save("context.mat", {"LabelMap": (MASK.astype(np.uint16) * 20)})
save("context-double.mat", {"LabelMap": (MASK.astype(np.float64) * 20)}, do_compression=True)
save("kinds.mat", kinds())
save("kinds-compressed.mat", kinds(), do_compression=True)
scipy.io.savemat(HERE / "version4.mat", {"LabelMap": MASK.astype(np.float64)}, format="4")
version73("sbd-73.mat", sbd73)
version73("kinds-73.mat", kinds73)
