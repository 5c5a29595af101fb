"""Holds analyzer/count to the numpy reference on simulated return-code series.

The reference lies beside the checkout (shared/evidence); where it is missing the test is
skipped.  Its own simulation and its own formulas are run; scipy's distributions, which it
calls, are put in their place by sums of the negative binomial's terms, so that two ways
of computing one tail meet.  Programs are looked for in $AFTERCHECK_BIN."""
import math
import os
import struct
import subprocess
import types
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("AFTERCHECK_SHARED", os.path.join(ROOT, "..", "shared"))
PROBE = os.path.join(os.environ.get("AFTERCHECK_BIN", "."), "count_probe")
REFERENCE = os.path.join(SHARED, "evidence", "ref_counts.py")
SERIES = 600
SHIPPED = "NB predictive + 24h prior (ship)"


class NegativeBinomial:
    """Tails as sums of terms: each from the one before it, in logs."""

    def __init__(self, np):
        self.np = np

    def terms(self, most, r, q):
        np = self.np
        k = np.arange(most)
        steps = np.log((k + r) / (k + 1)) + math.log1p(-q)
        return np.exp(np.concatenate([[0], np.cumsum(steps)]) + r * math.log(q))

    def each(self, x, r, q, one):
        np = self.np
        return np.array([one(int(a), float(b), float(c))
                         for a, b, c in zip(x, r, np.minimum(q, 1 - 1e-16))])

    def cdf(self, x, r, q):
        return self.each(x, r, q, lambda a, b, c: min(self.terms(a, b, c).sum(), 1)
                         if a >= 0 else 0)

    def sf(self, x, r, q):
        def one(a, b, c):
            mean = b * (1 - c) / c
            spread = math.sqrt(mean / c)
            far = int(max(mean, a) + 60 * spread + 60)
            return self.terms(far, b, c)[a + 1:].sum()
        return self.each(x, r, q, one)


class Nothing:
    """Of tests that are not shipped."""

    def sf(self, *args):
        return 1.0

    cdf = sf


def reference(np, series):
    """The reference's own names, without the tables that it prints at its end."""
    with open(REFERENCE) as f:
        text = f.read()
    text = text[:text.index("X0=rng")]
    assert "n=4000" in text and "from scipy import stats\n" in text
    text = text.replace("n=4000", "n=%d" % series).replace("from scipy import stats\n", "")
    names = {"stats": types.SimpleNamespace(nbinom=NegativeBinomial(np), binom=Nothing(),
                                            t=Nothing())}
    exec(compile(text, REFERENCE, "exec"), names)  # a file of ours, read as code
    return names


@unittest.skipUnless(os.path.exists(REFERENCE), "the reference is not here: " + REFERENCE)
class Counts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import numpy
        cls.np = numpy
        cls.ref = reference(numpy, SERIES)

    def probe(self, events, chances):
        ref, np = self.ref, self.np
        head = struct.pack("5i", *events.shape, ref["NBm"], ref["W"], ref["H"])
        rows = np.stack([events, chances], 1).astype("<f4").tobytes()
        out = subprocess.run([PROBE], input=head + rows, stdout=subprocess.PIPE, check=True)
        return np.array([[float(v) for v in line.split()]
                         for line in out.stdout.decode().splitlines()])

    def check(self, factor):
        ref, np = self.ref, self.np
        rate = ref["lam"].copy()
        rate[:, ref["T"]:] *= factor
        events = ref["rng"].poisson(rate)
        want = ref["tests"](events, ref["N"])[0][SHIPPED]
        got = self.probe(events, ref["N"])
        two = np.minimum(1, 2 * np.minimum(got[:, 2], got[:, 3]))
        self.assertEqual(len(got), SERIES)
        self.assertLess(np.abs(two - want).max(), 1e-5)
        # small ones are those that matter: they agree as shares of themselves, too
        small = (want > 1e-12) & (want < 0.01)
        self.assertLess((np.abs(two - want)[small] / want[small]).max(initial=0), 1e-4)
        return want

    def test_quiet_series(self):
        self.assertLess((self.check(1) < 0.001).mean(), 0.02)

    def test_more_and_fewer_events(self):
        for factor in (0.2, 2, 5, 20):
            with self.subTest(factor=factor):
                self.assertGreater((self.check(factor) < 0.001).mean(), 0.1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
