"""The peer of BenchmarkStage: as many linear outcomes of as many n-grams of the same texts, by scikit-learn.

It reads JSON lines, each a list of texts, and answers each with the CPU seconds of a second pass over them: features
hashed from letters (char_wb, 2 to 5, 2^18 buckets) and words (1 to 2, 2^17 buckets), then a product with weights
for every outcome. The weights are random, for their values cost nothing; nothing is normalised, no cue is read and
nothing is explained. The number of outcomes is the one argument.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy
import scipy.sparse
import sklearn
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils.extmath import safe_sparse_dot

BATCH = 1000


def main():
    outcomes = int(sys.argv[1])
    letters = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**18)
    words = HashingVectorizer(ngram_range=(1, 2), n_features=2**17)
    weights = numpy.random.default_rng(1).normal(size=(2**18 + 2**17, outcomes))

    def score(texts):
        rows = scipy.sparse.hstack([letters.transform(texts), words.transform(texts)], format="csr")
        return 1 / (1 + numpy.exp(-safe_sparse_dot(rows, weights)))

    print(sklearn.__version__, flush=True)
    for line in sys.stdin:
        texts = json.loads(line)
        for _ in range(2):
            start = time.process_time()
            for at in range(0, len(texts), BATCH):
                score(texts[at : at + BATCH])
        print(time.process_time() - start, flush=True)


main()
