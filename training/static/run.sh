#!/bin/sh
# The whole recipe, from the shared data to the model folder. Run it from the repository's root.
set -eu
work=${1:-training/work}
here=$(dirname "$0")
for step in prepare teacher train_tokenizer train export evaluate card; do
    set -- --work "$work"
    [ "$step" = evaluate ] && set -- --float "$work"
    echo "== $step"
    python "$here/$step.py" "$@"
done
