"""Holds analyzer/shift and analyzer/pool to the numpy reference on recorded host metrics.

The reference and the recordings lie beside the checkout (shared/evidence, shared/data);
where they are missing the test is skipped.  Programs are looked for in $AFTERCHECK_BIN."""
import csv
import gzip
import importlib.util
import os
import struct
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("AFTERCHECK_SHARED", os.path.join(ROOT, "..", "shared"))
PROBE = os.path.join(os.environ.get("AFTERCHECK_BIN", "."), "shift_probe")
REFERENCE = os.path.join(SHARED, "evidence", "ref_en.py")
DAY = 1440


def machine(name, np):
    with gzip.open(os.path.join(SHARED, "data", "smd", name), "rt") as f:
        rows = list(csv.reader(f))[1:]
    return np.array([r[3:] for r in rows if r[1] == "train"], float).T


@unittest.skipUnless(os.path.exists(REFERENCE), "the reference is not here: " + REFERENCE)
class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import numpy
        cls.np = numpy
        spec = importlib.util.spec_from_file_location("ref_en", REFERENCE)
        cls.ref = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(cls.ref)
        cls.machines = [machine(n, numpy) for n in
                        ("machine-1-3.csv.gz", "machine-2-2.csv.gz", "machine-3-3.csv.gz")]

    def windows(self, n, seed, look):
        """n series of 7 days, already in logs, with effects put into a third of them."""
        np, ref = self.np, self.ref
        rng = np.random.default_rng(seed)
        pivot = 7 * DAY + 100
        out = []
        while len(out) < n:
            data = self.machines[rng.integers(len(self.machines))]
            end = rng.integers(pivot + look, data.shape[1])
            x = data[rng.integers(data.shape[0]), end - pivot - look:end].copy()
            if x.std() == 0:
                continue
            if rng.random() < 0.3:
                x[pivot:] *= rng.choice([0.5, 1.2, 2, 4])
            out.append(ref.logc(x, pivot)[0].astype(np.float32))
        return np.array(out), pivot

    def probe(self, y, pivot, look):
        series, rows = y.shape
        head = struct.pack("5i", series, rows, pivot, look, self.ref.guard(look))
        out = subprocess.run([PROBE], input=head + y.astype("<f4").tobytes(),
                             stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
        table = self.np.array([[float(v) for v in line.split()] for line in out[:series]])
        return table, self.np.array([float(v) for v in out[series:2 * series]])

    def check(self, look, days, seed):
        np = self.np
        y, pivot = self.windows(400, seed, look)
        if not days:  # one day and the windows before it
            y, pivot = y[:, pivot - DAY - 70:], DAY + 70
        got, p = self.probe(y, pivot, look)
        wide = y.astype(float)
        en = self.ref.EN(wide, pivot, look, days=6 if days else 0)
        z, effect, keep = en.score(wide)
        self.assertLess(np.abs(got[:, 0] - z).max(), 1e-5)
        self.assertLess((np.abs(got[:, 1] - effect) / np.maximum(effect, 1)).max(), 1e-5)
        # a move of nothing neither holds nor recovers
        self.assertTrue((got[:, 2][z != 0] == ~keep[z != 0]).all())
        # without earlier days the reference counts each placebo twice
        self.assertTrue((got[:, 6] * (1 if days else 2) == en.zpl.shape[1]).all())
        want = self.ref.Pool(en.zpl).p(z)
        if days:
            self.assertLess(np.abs(p - want).max(), 1e-5)

    def test_looks_with_season(self):
        for seed, look in enumerate((10, 15, 30, 60)):
            with self.subTest(look=look):
                self.check(look, 6, seed)

    def test_without_earlier_days(self):
        self.check(30, 0, 9)


if __name__ == "__main__":
    unittest.main(verbosity=2)
