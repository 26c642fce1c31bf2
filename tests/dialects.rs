//! Other servers' routes: what their clients send, and what they read.

use serde_json::{Value, json};

use crate::support::{Server, TOY, World, bert, onnx_runtime, workspace};

fn serve() -> Server {
    World::indexed().serve()
}

#[track_caller]
fn answer(server: &Server, path: &str, body: &Value) -> Value {
    let answer = server.post(path, body.to_string());
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text);
    answer.json()
}

fn numbers(vector: &Value) -> Vec<f64> {
    let numbers = vector.as_array().unwrap().iter();
    numbers.map(|x| x.as_f64().unwrap()).collect()
}

fn cosine(a: &Value, b: &Value) -> f64 {
    let pairs = numbers(a).into_iter().zip(numbers(b));
    pairs.map(|(a, b)| a * b).sum()
}

/// It is an error of text-embeddings-inference of this status and kind, which says `part`.
#[track_caller]
fn tei_refuses(server: &Server, path: &str, body: &Value, status: u16, kind: &str, part: &str) {
    let answer = server.post(path, body.to_string());
    assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    let error = answer.json();
    assert_eq!(error["error_type"], kind, "{error}");
    assert!(error["error"].as_str().unwrap().contains(part), "{error}");
}

#[test]
fn tei_embeds_one_text_or_several() {
    let server = serve();
    let several = answer(
        &server,
        "/embed",
        &json!({ "inputs": ["sea", "Meer", "chess"] }),
    );
    assert!((cosine(&several[0], &several[1]) - 1.0).abs() < 1e-6);
    assert!(cosine(&several[0], &several[2]).abs() < 1e-6);
    let settings = json!({
        "inputs": "sea", "truncate": true, "truncation_direction": "Left", "normalize": true, "prompt_name": "query",
        "something": "else",
    });
    assert_eq!(answer(&server, "/embed", &settings)[0], several[0]);
    // A client that knows no path, as InferenceClient is where it has the address alone.
    assert_eq!(
        answer(&server, "/", &json!({ "inputs": "sea" }))[0],
        several[0]
    );
    let cut = answer(
        &server,
        "/embed",
        &json!({ "inputs": "sea", "dimensions": 2 }),
    );
    assert_eq!(numbers(&cut[0]), [1.0, 0.0]);
    let tokens = answer(
        &server,
        "/tokenize",
        &json!({ "inputs": "sea", "add_special_tokens": false }),
    );
    let ids = json!({ "inputs": [tokens[0][0]["id"]] });
    assert_eq!(answer(&server, "/embed", &ids)[0], several[0]);
}

#[test]
fn as_many_texts_are_embedded_as_clients_send_at_once() {
    let server = serve();
    // 2,048 texts of a page: more than the body of a search may be.
    let texts: Vec<String> = (0..2_048)
        .map(|i| format!("page {i} {}", "sea ".repeat(250)))
        .collect();
    let vectors = answer(&server, "/embed", &json!({ "inputs": texts }));
    assert_eq!(vectors.as_array().unwrap().len(), texts.len());
    let vectors = answer(&server, "/v1/embeddings", &json!({ "input": texts }));
    assert_eq!(vectors["data"].as_array().unwrap().len(), texts.len());
}

#[test]
fn vectors_of_tokens_are_for_a_few_texts() {
    let server = serve();
    let inputs = vec!["a b c d ".repeat(4_000); 2];
    let status = 413;
    tei_refuses(
        &server,
        "/embed_all",
        &json!({ "inputs": inputs }),
        status,
        "Validation",
        "tokens, expected at most 16384",
    );
}

#[test]
fn tei_compares_texts() {
    let server = serve();
    let inputs = json!({ "inputs": { "source_sentence": "sea", "sentences": ["mar", "bread"] }, "parameters": {} });
    let cosines = numbers(&answer(&server, "/similarity", &inputs));
    assert!((cosines[0] - 1.0).abs() < 1e-6 && cosines[1].abs() < 1e-6);
}

#[test]
fn tei_shows_tokens_and_their_vectors() {
    let server = serve();
    let tokens = answer(&server, "/tokenize", &json!({ "inputs": ["die Luna!"] }));
    let said: Vec<(&str, bool, Option<u64>, Option<u64>)> = tokens[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| {
            let text = token["text"].as_str().unwrap();
            let special = token["special"].as_bool().unwrap();
            (
                text,
                special,
                token["start"].as_u64(),
                token["stop"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("[CLS]", true, None, None),
            ("die", false, Some(0), Some(3)),
            ("Luna", false, Some(4), Some(8)),
            ("!", false, Some(8), Some(9)),
            ("[SEP]", true, None, None),
        ]
    );
    let vectors = answer(
        &server,
        "/embed_all",
        &json!({ "inputs": ["sea moon", "bread"] }),
    );
    let counts: Vec<usize> = (0..2)
        .map(|i| vectors[i].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [2, 1]);
    assert_eq!(vectors[0][1][1], 1.0);
}

#[test]
fn tei_says_what_it_serves() {
    let info = serve().get("/info").json();
    assert_eq!(info["model_id"], "toy");
    assert_eq!(info["model_type"]["embedding"]["pooling"], "mean");
    assert_eq!(info["max_client_batch_size"], 2_048);
    assert_eq!(info["auto_truncate"], true);
    for number in [
        "max_concurrent_requests",
        "max_input_length",
        "max_batch_tokens",
        "tokenization_workers",
    ] {
        assert!(info[number].as_u64().unwrap() > 0, "{number}: {info}");
    }
}

#[test]
fn tei_reranks() {
    let server = serve();
    let texts = ["Schach", "Das Meer", "la mar y la luna"];
    let ranks = answer(
        &server,
        "/rerank",
        &json!({ "query": "the sea", "texts": texts, "return_text": true }),
    );
    let ranks = ranks.as_array().unwrap();
    assert_eq!(ranks[0]["index"], 1, "{ranks:?}");
    assert_eq!(ranks[0]["text"], texts[1]);
    assert_eq!(ranks[2]["index"], 0);
    let score = |rank: &Value| rank["score"].as_f64().unwrap();
    assert!(ranks.iter().all(|rank| (0.0..=1.0).contains(&score(rank))));
    let raw = answer(
        &server,
        "/rerank",
        &json!({ "query": "the sea", "texts": texts, "raw_scores": true }),
    );
    // Means of cosines.
    assert!((score(&raw[0]) - (2.0 * score(&ranks[0]) - 1.0)).abs() < 1e-6);
    assert!(raw[0].get("text").is_none());
}

#[test]
fn tei_refuses_in_its_own_words() {
    let server = serve();
    let long = "word ".repeat(30_000);
    for (path, body, status, kind, part) in [
        ("/embed", json!({ "inputs": "" }), 400, "Empty", "inputs"),
        ("/embed", json!({ "inputs": [] }), 400, "Empty", "inputs"),
        ("/embed", json!({}), 422, "Validation", "inputs"),
        (
            "/embed",
            json!({ "inputs": 1 }),
            422,
            "Validation",
            "a text",
        ),
        (
            "/embed",
            json!({ "inputs": "a", "truncation_direction": "up" }),
            422,
            "Validation",
            "up",
        ),
        (
            "/embed",
            json!({ "inputs": "a", "prompt_name": "poem" }),
            422,
            "Validation",
            "poem",
        ),
        (
            "/embed",
            json!({ "inputs": "a", "dimensions": 0 }),
            422,
            "Validation",
            "dimensions",
        ),
        (
            "/embed",
            json!({ "inputs": "a", "dimensions": 9 }),
            422,
            "Validation",
            "1 to 8",
        ),
        (
            "/embed",
            json!({ "inputs": [[7, 4_000_000]] }),
            422,
            "Tokenizer",
            "4000000",
        ),
        (
            "/embed",
            json!({ "inputs": vec!["a"; 2_049] }),
            413,
            "Validation",
            "2049",
        ),
        (
            "/embed",
            json!({ "inputs": ["a", long] }),
            413,
            "Validation",
            "inputs[1]",
        ),
        (
            "/embed_all",
            json!({ "inputs": vec!["a"; 33] }),
            413,
            "Validation",
            "33",
        ),
        ("/tokenize", json!({ "inputs": [] }), 400, "Empty", "inputs"),
        (
            "/tokenize",
            json!({ "inputs": [1] }),
            422,
            "Validation",
            "texts",
        ),
        (
            "/similarity",
            json!({ "inputs": { "source_sentence": "a", "sentences": [] } }),
            400,
            "Empty",
            "sentences",
        ),
        (
            "/rerank",
            json!({ "query": "a", "texts": [] }),
            400,
            "Empty",
            "texts",
        ),
        (
            "/rerank",
            json!({ "query": " ", "texts": ["a"] }),
            422,
            "Validation",
            "query",
        ),
        (
            "/rerank",
            json!({ "query": "a", "texts": vec!["a"; 1_001] }),
            413,
            "Validation",
            "1001",
        ),
        (
            "/rerank",
            json!({ "query": "a".repeat(5_000), "texts": ["a"] }),
            413,
            "Validation",
            "query",
        ),
    ] {
        tei_refuses(&server, path, &body, status, kind, part);
    }
    let answer = server.post("/embed", "{");
    assert_eq!(
        (answer.status, &answer.json()["error_type"]),
        (400, &json!("Validation"))
    );
}

#[test]
fn tei_cuts_what_a_transformer_cannot_read_unless_it_may_not() {
    let Some(runtime) = onnx_runtime() else {
        return;
    };
    let world = World::new();
    bert(&world.path("bert"), TOY);
    let run = |args: &str| {
        let program = world.xenoglot(args).env("XENOGLOT_MODEL", "bert");
        program.env("XENOGLOT_ORT_DYLIB", &runtime)
    };
    run("index corpus.jsonl --index index").succeeds();
    let server = Server::start(run("serve --index index --bind 127.0.0.1:0"));
    let (sea, chess) = ("sea ".repeat(70), "chess ".repeat(70));
    let both = format!("{sea}{chess}");
    let embed = |text: &str, direction: &str| {
        let asked = json!({ "inputs": text, "truncation_direction": direction });
        answer(&server, "/embed", &asked)[0].clone()
    };
    // Of 64 places, two belong to the marks.
    let fits = json!({ "inputs": "sea ".repeat(62), "truncate": false });
    answer(&server, "/embed", &fits);
    let body = json!({ "inputs": ["sea", "sea ".repeat(63)], "truncate": false });
    tei_refuses(
        &server,
        "/embed",
        &body,
        413,
        "Validation",
        "inputs[1] has 63 tokens",
    );
    assert!(cosine(&embed(&both, "right"), &embed(&sea, "right")) > 0.9999);
    assert!(cosine(&embed(&both, "left"), &embed(&chess, "right")) > 0.9999);
    let states = answer(&server, "/embed_all", &json!({ "inputs": "sea moon" }));
    // Its vectors are the means of these.
    let rows: Vec<Vec<f64>> = states[0].as_array().unwrap().iter().map(numbers).collect();
    assert_eq!(rows.len(), 4);
    let mean: Vec<f64> = (0..8)
        .map(|i| rows.iter().map(|row| row[i]).sum())
        .collect();
    let length = mean.iter().map(|x| x * x).sum::<f64>().sqrt();
    for (x, expected) in numbers(&embed("sea moon", "right")).iter().zip(mean) {
        assert!(
            (x - expected / length).abs() < 1e-4,
            "{x} {}",
            expected / length
        );
    }
    let usage = answer(
        &server,
        "/v1/embeddings",
        &json!({ "input": both, "model": "x" }),
    );
    assert_eq!(usage["usage"]["total_tokens"], 62);
    assert_eq!(server.get("/info").json()["max_input_length"], 62);
}

#[test]
fn openai_embeds_as_numbers_and_as_bytes() {
    let server = serve();
    let asked = json!({ "input": ["sea moon", "bread"], "model": "text-embedding-3-small", "user": "somebody" });
    let found = answer(&server, "/v1/embeddings", &asked);
    assert_eq!(found["object"], "list");
    assert_eq!(found["model"], "toy");
    assert_eq!(
        found["usage"],
        json!({ "prompt_tokens": 3, "total_tokens": 3 })
    );
    assert_eq!(found["data"][1]["index"], 1);
    assert_eq!(found["data"][1]["object"], "embedding");
    let bytes = json!({ "input": "bread", "model": "x", "encoding_format": "base64" });
    let bytes = answer(&server, "/v1/embeddings", &bytes);
    // Two zeros, a one (0x3f800000, the lowest byte first), five zeros.
    let expected = format!("{}AIA/{}=", "A".repeat(12), "A".repeat(27));
    assert_eq!(bytes["data"][0]["embedding"], expected);
    assert_eq!(numbers(&found["data"][1]["embedding"])[2], 1.0);
    let cut = json!({ "input": "bread", "model": "x", "dimensions": 3 });
    let cut = answer(&server, "/v1/embeddings", &cut);
    assert_eq!(numbers(&cut["data"][0]["embedding"]), [0.0, 0.0, 1.0]);
}

#[test]
fn openai_refuses_in_its_own_words() {
    let server = serve();
    for (body, status, param) in [
        (json!({ "model": "x" }), 400, json!("input")),
        (json!({ "input": "", "model": "x" }), 400, json!("input")),
        (
            json!({ "input": "a", "dimensions": 9 }),
            400,
            json!("dimensions"),
        ),
        (
            json!({ "input": "a", "encoding_format": "hex" }),
            400,
            json!("encoding_format"),
        ),
        (json!({ "input": [[4_000_000]] }), 400, json!("input[0][0]")),
        (json!({ "input": vec!["a"; 2_049] }), 413, json!("input")),
    ] {
        let answer = server.post("/v1/embeddings", body.to_string());
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        let error = answer.json()["error"].clone();
        assert_eq!(error["type"], "invalid_request_error", "{error}");
        assert_eq!(error["param"], param, "{error}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn cohere_and_jina_rerank_on_the_same_paths() {
    let server = serve();
    let documents = json!(["Schach", { "text": "Das Meer", "page": 3 }, "the moon"]);
    let asked = json!({ "model": "rerank-multilingual-v3.0", "query": "the sea", "documents": documents, "top_n": 2 });
    let v1 = answer(&server, "/v1/rerank", &asked);
    assert_eq!(v1["model"], "passages");
    assert_eq!(v1["results"].as_array().unwrap().len(), 2);
    assert_eq!(v1["results"][0]["index"], 1);
    assert_eq!(
        v1["results"][0]["document"],
        json!({ "text": "Das Meer", "page": 3 })
    );
    assert!(v1["usage"]["total_tokens"].as_u64().unwrap() > 3);
    assert_eq!(v1["meta"]["api_version"]["version"], "1");
    assert!(!v1["id"].as_str().unwrap().is_empty());
    let v2 = answer(&server, "/v2/rerank", &asked);
    assert_eq!(
        v2["results"][0]["relevance_score"],
        v1["results"][0]["relevance_score"]
    );
    assert!(v2["results"][0].get("document").is_none());
    let fields = json!({
        "query": "the sea", "rank_fields": ["title", "body"], "return_documents": true, "max_chunks_per_doc": 3,
        "documents": [{ "title": "Schach", "body": "chess" }, { "title": "Das Meer" }],
    });
    let fields = answer(&server, "/v1/rerank", &fields);
    assert_eq!(
        fields["results"][0]["document"],
        json!({ "title": "Das Meer" })
    );
    // Cut before it comes to the point.
    let cut = json!({ "query": "sea", "documents": ["bread bread sea sea sea", "bread sea"], "max_tokens_per_doc": 2 });
    assert_eq!(
        answer(&server, "/v2/rerank", &cut)["results"][0]["index"],
        1
    );
}

#[test]
fn rerank_refuses_with_a_message() {
    let server = serve();
    for (body, status, field) in [
        (json!({ "query": "a" }), 422, "documents"),
        (json!({ "query": "a", "documents": [] }), 422, "documents"),
        (
            json!({ "query": "a", "documents": [1] }),
            422,
            "documents[0]",
        ),
        (
            json!({ "query": "a", "documents": [{ "body": "b" }] }),
            422,
            "documents[0]",
        ),
        (
            json!({ "query": "a", "documents": ["b"], "top_n": 0 }),
            422,
            "top_n",
        ),
        (
            json!({ "query": "a", "documents": vec!["b"; 1_001] }),
            413,
            "documents",
        ),
    ] {
        for path in ["/v1/rerank", "/v2/rerank"] {
            let answer = server.post(path, body.to_string());
            assert_eq!(answer.status, status, "{body}: {}", answer.text);
            let error = answer.json();
            assert_eq!(error["field"], field, "{error}");
            assert_eq!(error["message"], error["detail"]);
        }
    }
}

#[test]
fn a_cross_encoder_gives_chances_and_logits() {
    let Some(runtime) = onnx_runtime() else {
        return;
    };
    let world = World::indexed();
    let fixtures = workspace().join("tests/fixtures/modules/bert");
    let stack = format!(
        "backbone = {:?}\nranking = {:?}\n",
        fixtures.join("base"),
        fixtures.join("adapterhub/rank"),
    );
    world.write("stack.toml", stack);
    let serve = "serve --index index --bind 127.0.0.1:0 --rerank stack.toml";
    let server = Server::start(world.xenoglot(serve).env("XENOGLOT_ORT_DYLIB", &runtime));
    let texts = ["The sea rises.", "Bread is baked.", "Der Mond."];
    let rerank = |raw: bool| {
        let asked = json!({ "query": "the sea", "texts": texts, "raw_scores": raw });
        answer(&server, "/rerank", &asked)
    };
    let (chances, logits) = (rerank(false), rerank(true));
    for (chance, logit) in chances
        .as_array()
        .unwrap()
        .iter()
        .zip(logits.as_array().unwrap())
    {
        assert_eq!(chance["index"], logit["index"]);
        let logit = logit["score"].as_f64().unwrap();
        let expected = 1.0 / (1.0 + (-logit).exp());
        assert!((chance["score"].as_f64().unwrap() - expected).abs() < 1e-4);
    }
    let asked = |model: &str| json!({ "model": model, "query": "the sea", "documents": texts });
    assert_eq!(
        answer(&server, "/v1/rerank", &asked("passages"))["model"],
        "passages"
    );
    assert_eq!(
        answer(&server, "/v1/rerank", &asked("jina-reranker"))["model"],
        "stack"
    );
}
