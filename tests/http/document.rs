//! The document of the API: it names every path, and answers are as it says.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_route_is_in_the_document_and_the_document_is_the_one_that_is_kept() {
    let document = serve().get("/openapi.json").json();
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document["openapi"]
    );
    // Clients are made from the file; a change of the API is a change of it too.
    let kept = crate::support::workspace().join("docs/openapi.json");
    let printed = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if std::env::var_os("XENOGLOT_WRITE_OPENAPI").is_some() {
        std::fs::write(&kept, &printed).unwrap();
    }
    let kept = std::fs::read_to_string(kept).unwrap();
    assert!(
        kept == printed,
        "the API is not what docs/openapi.json says; XENOGLOT_WRITE_OPENAPI=1 cargo test --test e2e every_route writes it anew"
    );
}

#[test]
fn every_operation_of_the_document_is_answered_and_has_an_id_of_its_own() {
    let server = serve();
    let document = server.get("/openapi.json").json();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} comes twice");
            let path = path
                .replace("{collection}", "default")
                .replace("{id}", "tides-en");
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(&path);
            let answer = server.ask(request.body(Vec::new()).unwrap());
            assert!(
                ![404, 405].contains(&answer.status) || path.contains("modules"),
                "{method} {path}: {}",
                answer.text
            );
            assert!(answer.status < 500, "{method} {path}: {}", answer.text);
        }
    }
    assert!(ids.len() > 20, "{ids:?}");
}

#[test]
fn the_interactive_page_needs_nothing_from_elsewhere() {
    let server = serve();
    let page = server.get("/docs/");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
    assert!(!page.text.contains("https://"), "{}", page.text);
}
