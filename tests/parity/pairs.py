"""Query–document pairs for rerankers: several scripts, an empty query, documents and queries that are cut."""

PAIRS = [
    ("Where do storks nest in winter?", "Störche überwintern südlich der Sahara."),
    ("В каком году построили мост?", "这座桥于1932年建成。"),
    ("قطار الليل يصل عند الفجر", "Gece treni şafakta varır."),
    ("Korongo hukaa Afrika wakati wa baridi.", "The bridge was finished in 1932 after nine years of work."),
    ("夜行列車は夜明けに着く。", "रात की ट्रेन भोर में पहुँचती है।"),
    ("", "Kiinteän aineen sulamispiste"),
    ("bridge", "The storks return to the same chimney every spring. Der Zug kommt in der Nacht. " * 8),
    ("Ночной поезд приходит на рассвете. " * 10, "Il punto di fusione dell'oro è 1064 °C. " * 10),
]
