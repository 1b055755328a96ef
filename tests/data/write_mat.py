"""python3 write_mat.py JOBS.json: MATLAB files of arrays, written by SciPy and h5py.

A job has 'npy' (rows of numbers), 'out', 'variable' (a path such as GTcls.Segmentation) and 'form': plain, compressed or 7.3.
"""

import json
import sys

import h5py
import numpy as np
import scipy.io


def nested(path, value):
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def write(job):
    values = np.load(job["npy"])
    if job["form"] != "7.3":
        scipy.io.savemat(job["out"], nested(job["variable"], values), do_compression=job["form"] == "compressed")
        return
    with h5py.File(job["out"], "w", userblock_size=512) as file:
        place = file.create_dataset(job["variable"].replace(".", "/"), data=values.T, compression="gzip")
        place.attrs["MATLAB_class"] = np.bytes_(values.dtype.name.replace("float64", "double"))
    with open(job["out"], "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


for each in json.load(open(sys.argv[1])):
    write(each)
