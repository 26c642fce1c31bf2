#!/usr/bin/env bash
# Trains the tables in models/lexicons: for each language with enough open parallel text, from English and into it.
#
#   XENOGLOT=target/release/xenoglot training/lexicons.sh [LANG...]
#
# Needs the text in ../shared (or XENOGLOT_SHARED). A table is tied to the analyzers of its time: whoever changes one runs
# this again, and a test says so.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${XENOGLOT_SHARED:-../shared}
xenoglot=${XENOGLOT:-${CARGO_TARGET_DIR:-target}/release/xenoglot}
text=$shared/data/parallel
out=${OUT:-models/lexicons}

# Fewer pairs make worse tables, and every table makes the program larger. Counted before pairs that come twice are thrown out.
min_pairs=12000

# Sources whose licence lets us ship what was learnt from them; every folder of parallel text at the time of writing.
sources=(aosp bible bitcoin-org cldr comprehensive-rust flores-dev flores1-wiki mozilla-www opensource-guide osm-id
    python-docs raspberrypi-projects react-docs scratch-l10n storybooks storybooks-global tatoeba thunderbird-android
    wikidict wikimedia-mit wikipedia-android)

# The names that files of a language have, where it has other names than its code.
names() {
    local name
    for name in "$1" ${other_names[$1]:-}; do
        echo "$name"
    done
}
declare -A other_names=(
    [af]=afr [ar]=ara [as]=asm [az]=aze [be]=bel [bg]=bul [bn]="ben" [br]=bre [ca]=cat [cs]=ces [cy]=cym [da]=dan [de]=deu
    [el]=ell [eo]=epo [es]="spa es-ES" [et]=est [eu]=eus [fa]="fas pes" [fi]=fin [fr]=fra [fy]=fy-NL [ga]=gle [gl]=glg
    [gu]=gu-IN [he]=heb [hi]="hin hi-IN" [hr]=hrv [hu]=hun [hy]="hye hy-AM" [ia]=ina [id]=ind [is]=isl [it]=ita [ja]=jpn
    [ka]=kat [ko]=kor [ku]=kur [la]=lat [lb]=ltz [lt]=lit [lv]=lav [mi]=mri [mk]=mkd [mr]=mar [ms]="msa zsm_Latn" [mt]=mlt
    [my]=mya [nb]="nob nor nb-NO" [nds]=nds [nl]=nld [nn]="nno nn-NO" [oc]=oci [pa]=pa-IN [pl]=pol [pt]="por pt-BR" [qu]=que
    [ro]="ron" [ru]=rus [sl]=slv [sq]=sqi [sr]=srp_Cyrl [sv]="swe sv-SE" [sw]=swa [ta]=tam [tg]=tgk [th]=tha [tk]=tuk
    [tl]="tgl fil" [tr]=tur [tt]=tat [ug]=uig [uk]=ukr [ur]=urd [uz]=uzb [vi]=vie [yi]=yid [zh]="zho cmn_Hans zh-CN"
)

# The files of a language, as `xenoglot lexicon train --parallel` takes them.
files() {
    local source name
    for source in "${sources[@]}"; do
        for name in $(names "$1"); do
            if [[ -e $text/$source/$name.tsv.zst ]]; then
                echo "$text/$source/$name.tsv.zst"
            elif [[ $source == flores-dev && -e $text/$source/$name.txt.zst ]]; then
                echo "$text/$source/en.txt.zst:$text/$source/$name.txt.zst"
            fi
        done
    done
}

n_pairs() {
    local file
    for file in $(files "$1"); do
        zstdcat "${file##*:}"
    done | wc -l
}

if (($#)); then
    langs=("$@")
else
    mapfile -t langs < <(find "$text/flores-dev" -name '*.txt.zst' -printf '%f\n' | sed 's/\.txt\.zst$//' | grep -vx en | sort)
fi
for lang in "${langs[@]}"; do
    if (($(n_pairs "$lang") < min_pairs)); then
        continue
    fi
    echo "== $lang"
    # shellcheck disable=SC2046 # no path of the shared data has a space
    "$xenoglot" lexicon train --source en --target "$lang" --parallel $(files "$lang") --out "$out"
done
