#!/usr/bin/env python3
"""Writes 200 random pairs of qrels and run, and what ir_measures and pytrec_eval say of them.

    python3 -m venv /tmp/measures-venv && /tmp/measures-venv/bin/pip install -r tests/parity/requirements-measures.txt
    /tmp/measures-venv/bin/python tests/parity/measures.py

Into `tests/fixtures/measures/pairs.json.gz`, byte for byte the same every time (seconds):

    measures    names, ours
    digits      after the point, where a provider prints no more: by name
    pairs       [{qrels, run, values}]: two files as text; per topic that the provider answers its values in the order
                of `measures`, null where the provider has none for it

Pairs hold ties, scores that differ beyond 32 bits alone, repeated judgments, topics without judgments, without answers or
without relevant documents, unjudged documents and grades from -2 to 4. Every sixth pair is of judgments by language.

pytrec_eval (through ir_measures, and itself where that has no name for a measure) sorts as trec_eval does. The other
providers break ties in ways of their own, so they are given the ranks that trec_eval's rule makes of the scores.
"""

import gzip
import json
import math
import random
from pathlib import Path

import ir_measures
import numpy as np
import pytrec_eval
from ir_measures import Qrel, ScoredDoc
from ir_measures.providers import registry
from scipy.stats import chi2

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "measures" / "pairs.json.gz"
SEED = 20261123
N_PAIRS = 200
N_BY_LANGUAGE = 6
LANGUAGES = ["fas", "rus", "zho"]

# Our names, by who says what they should be. ir_measures reads the same names but for `theirs`.
PYTREC_EVAL = """AP AP@1 AP@5 AP@100 AP(rel=2) AP(rel=3)@4 AP' AP'@3 nDCG nDCG@1 nDCG@3 nDCG@10 nDCG' nDCG'@3
    nDCG(gains={0:0,1:1,2:5,3:6,4:7}) nDCG(gains={1:0,3:5})@5 P@1 P@5 P@30 P(rel=2)@3 P'@3 R@1 R@5 R@100 R(rel=2)@5
    RR RR(rel=2) RR' Rprec Rprec(rel=2) Rprec' bpref bpref(rel=2) infAP infAP(rel=2) Success@1 Success@5
    Success(rel=3)@5 SetP SetP(rel=2) SetP' SetP(relative) SetR SetR(rel=2) SetF SetF(beta=2.0) SetF(beta=0.5) SetAP
    SetAP(rel=2) IPrec@0 IPrec@0.1 IPrec@0.25 IPrec@0.5 IPrec@0.9 IPrec@1 IPrec(rel=2)@0.5 IPrec'@0.4 NumQ NumRet NumRel
    NumRelRet NumRelRet(rel=2)""".split()
PYTREC_EVAL_ITSELF = {
    "num_nonrel_judged_ret": "NumNonRelRet",
    "utility": "Utility",
    "relative_P_5": "P(relative)@5",
    "relative_P_10": "P(relative)@10",
    "Rprec_mult_0.20": "Rprec(multiple=0.2)",
    "Rprec_mult_1.60": "Rprec(multiple=1.6)",
}
BY_RANK = {
    "msmarco": ["RR@1", "RR@3", "RR(rel=2)@10"],
    "judged": ["Judged@1", "Judged@5", "Judged@100", "Judged"],
    "cwl_eval": ["RBP(p=0.8,rel=1)", "RBP(p=0.5,rel=2)", "RBP(p=0.95,rel=1)"],
    "compat": ["Compat(p=0.95)", "Compat(p=0.5)"],
    "gdeval": ["nDCG(dcg='exp-log2')@3", "nDCG(dcg='exp-log2')@10", "ERR@3", "ERR@10"],
}
DIVERSITY = ["alpha_nDCG@5", "alpha_nDCG(alpha=0.3)@10"]
PEER = {"PEER(weights={1:0.25,3:0.75})@5": ({1: 0.25, 3: 0.75}, 5), "PEER(weights={1:1})@20": ({1: 1.0}, 20)}
# gdeval prints five decimals.
DIGITS = {name: 5 for name in BY_RANK["gdeval"]}



def theirs(name: str) -> str:
    if name.startswith("IPrec"):
        head, recall = name.split("@")
        name = f"{head}@{float(recall)}"
    name = name.replace("bpref", "Bpref").replace("(relative)", "(relative=True)")
    if "'" in name and "dcg" not in name:
        head, _, rest = name.partition("'")
        name = f"{head}(judged_only=True){rest}"
    return name


def pair(rng: random.Random, first_topic: int, by_language: bool) -> tuple[list, list]:
    """Judgments (topic, iteration, document, grade) and answers (topic, document, score as it is written)."""
    n_docs = rng.choice([3, 8, 20, 40])
    docs = [f"d{i}" for i in range(n_docs)] + [f"D-{i}" for i in range(n_docs // 4)] + ["ü", "z.9", "Z"]
    language = {doc: rng.choice(LANGUAGES) for doc in docs}
    grades = rng.choice([[0, 1], [0, 0, 0, 1, 2, 3], [-2, -1, 0, 1, 2, 4], [0, 1, 3]])
    qrels, run = [], []
    for topic in range(first_topic, first_topic + rng.randint(1, 4)):
        fate = rng.random()
        judged = rng.sample(docs, rng.randint(1, len(docs)))
        if fate < 0.1:
            judged = []  # a topic that nobody judged
        only = [0] if 0.1 <= fate < 0.2 else grades  # one without relevant documents
        lines = [(str(topic), language[doc] if by_language else rng.choice(["0", "Q0"]), doc, rng.choice(only)) for doc in judged]
        # A judgment may be said twice, if it is the same.
        qrels += lines + [line for line in lines if rng.random() < 0.03]
        if 0.2 <= fate < 0.3:
            continue  # one that the run leaves out
        spread = rng.choice(["distinct", "ties", "beyond 32 bits", "negative"])
        for doc in rng.sample(docs, rng.randint(1, len(docs))):
            score = {
                "distinct": repr(round(rng.uniform(0, 30), 6)),
                "ties": str(rng.randint(0, 3)),
                "beyond 32 bits": repr(1 + rng.randint(0, 4) * 1e-9 + rng.randint(0, 2)),
                "negative": repr(-rng.randint(0, 5) / 4),
            }[spread]
            run.append((str(topic), doc, score))
    rng.shuffle(qrels)
    rng.shuffle(run)
    return qrels, run


def ranks(run: list) -> list[ScoredDoc]:
    """The same rankings with distinct scores: 32 bits of the old ones, ties by document, last first."""
    by_topic = {}
    for topic, doc, score in run:
        by_topic.setdefault(topic, []).append((np.float32(score), doc.encode(), doc))
    ranked = []
    for topic, docs in by_topic.items():
        docs.sort(reverse=True)
        ranked += [ScoredDoc(topic, doc, float(len(docs) - i)) for i, (_, _, doc) in enumerate(docs)]
    return ranked


def kruskal(groups: list[list[float]]) -> float:
    """Of ranks that tie at the tail: SciPy's own `kruskal` would rank them again."""
    values = np.concatenate(groups)
    between = sum(len(group) * (np.mean(group) - values.mean()) ** 2 for group in groups)
    return float(chi2.sf((len(values) - 1) * between / ((values - values.mean()) ** 2).sum(), len(groups) - 1))


def peer(qrels: dict, language: dict, ranking: list[str], weights: dict, cutoff: int) -> float:
    """As BENCHMARKS puts it: the reference code (peer_measure) is not on PyPI."""
    value = 0.0
    at = {doc: rank for rank, doc in enumerate(ranking[:cutoff], 1)}
    for grade, weight in weights.items():
        docs = [doc for doc, of in qrels.items() if of == grade]
        missing = [doc for doc in docs if doc not in at]
        tail = (2 * len(docs) + len(missing) + 1) / 2
        groups = {}
        for doc in docs:
            groups.setdefault(language[doc], []).append(at.get(doc, tail))
        # No spread, where the tail's rank is that of the only document found, leaves nothing to test.
        ranks_of_all = sum(groups.values(), [])
        fair = len(groups) < 2 or len(missing) == len(docs) or len(set(ranks_of_all)) == 1
        value += weight * (1.0 if fair else kruskal(list(groups.values())))
    return value


def values_of(qrels: list, run: list, names: list[str]) -> dict:
    """Per topic that is judged and answered, the values in the order of `names`."""
    found = {}

    def take(topic, name, value):
        # Where nothing was retrieved or nothing is relevant, some of these divide 0 by 0.
        found.setdefault(topic, {})[name] = None if math.isnan(value) else value

    judgments = list({(topic, doc): Qrel(topic, doc, grade, lang) for topic, lang, doc, grade in qrels}.values())
    answers = [ScoredDoc(topic, doc, float(score)) for topic, doc, score in run]
    ranked = ranks(run)
    by_topic, runs, rankings, languages = {}, {}, {}, {}
    for qrel in judgments:
        by_topic.setdefault(qrel.query_id, {})[qrel.doc_id] = qrel.relevance
        languages.setdefault(qrel.query_id, {})[qrel.doc_id] = qrel.iteration
    for answer in answers:
        runs.setdefault(answer.query_id, {})[answer.doc_id] = answer.score
    for answer in ranked:
        rankings.setdefault(answer.query_id, []).append(answer.doc_id)
    # Topics that are on one side alone are for tests of averages: providers treat them differently.
    # trec_eval's code writes outside its memory where all grades of a topic are negative.
    by_topic = {topic: grades for topic, grades in by_topic.items() if max(grades.values()) >= 0}
    common = sorted(by_topic.keys() & runs.keys(), key=int)
    relevant = {topic for topic in common if max(by_topic[topic].values()) > 0}
    of_languages = {topic for topic in common if set(languages[topic].values()) <= set(LANGUAGES)}

    def ask(provider, asked, answers, topics):
        measures = {ir_measures.parse_measure(theirs(name)): name for name in asked}
        of_topics = [j for j in judgments if j.query_id in topics], [a for a in answers if a.query_id in topics]
        for metric in registry[provider].iter_calc(list(measures), *of_topics):
            take(metric.query_id, measures[metric.measure], float(metric.value))

    ask("pytrec_eval", PYTREC_EVAL, answers, set(common))
    evaluator = pytrec_eval.RelevanceEvaluator(
        by_topic, {"num_nonrel_judged_ret", "utility", "relative_P.5,10", "Rprec_mult.0.20,1.60"}
    )
    for topic, values in evaluator.evaluate(runs).items():
        for name, value in values.items():
            take(topic, PYTREC_EVAL_ITSELF[name], value)
    for provider, asked in BY_RANK.items():
        # gdeval leaves out topics without relevant documents.
        ask(provider, asked, ranked, relevant if provider == "gdeval" else set(common))
    # Asked for two alphas at once, it answers 0 for the second.
    for name in DIVERSITY:
        ask("pyndeval", [name], ranked, relevant & of_languages)
    for topic in of_languages:
        for name, (weights, cutoff) in PEER.items():
            take(topic, name, peer(by_topic[topic], languages[topic], rankings[topic], weights, cutoff))
    return {topic: [found[topic].get(name) for name in names] for topic in common}


def main() -> None:
    rng = random.Random(SEED)
    names = PYTREC_EVAL + list(PYTREC_EVAL_ITSELF.values())
    names += [name for asked in BY_RANK.values() for name in asked] + DIVERSITY + list(PEER)
    # Topics are numbered through, so that each provider is asked once.
    pairs = [pair(rng, 10 * i + 1, i % N_BY_LANGUAGE == 0) for i in range(N_PAIRS)]
    values = values_of(sum((qrels for qrels, _ in pairs), []), sum((run for _, run in pairs), []), names)
    pairs = [
        {
            "qrels": "".join(f"{topic} {iteration} {doc} {grade}\n" for topic, iteration, doc, grade in qrels),
            "run": "".join(f"{topic} Q0 {doc} 0 {score} r\n" for topic, doc, score in run),
            "values": {topic: of for topic, of in values.items() if int(topic) // 10 == i},
        }
        for i, (qrels, run) in enumerate(pairs)
    ]
    written = json.dumps({"measures": names, "digits": DIGITS, "pairs": pairs}, ensure_ascii=False, separators=(",", ":"))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(gzip.compress(written.encode(), 9, mtime=0))
    topics = sum(len(pair["values"]) for pair in pairs)
    print(f"{OUT}: {len(pairs)} pairs, {topics} topics, {len(names)} measures, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
