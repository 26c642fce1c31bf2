//! The document of the API: what the handlers' own attributes say, and what is so of all of them.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, PathItem, Ref, RefOr, Required, ResponseBuilder, Type,
};

use crate::problem::Problem;

/// Paths of a collection that is named.
pub(crate) const OF_COLLECTION: &str = "/v1/collections/{collection}";

/// Two ways to show a key; a server without keys asks for none.
const BEARER: &str = "bearer";
const HEADER: &str = "header";
const NO_SCOPES: [&str; 0] = [];

/// What the handlers' attributes do not say.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Xenoglot",
        description = "Ask in one language, find in every language. Paths without a collection's name mean the collection `default`."
    ),
    components(schemas(Problem)),
    tags(
        (name = "search", description = "Finding documents"),
        (name = "documents", description = "Reading and writing them"),
        (name = "collections", description = "What there is to search"),
        (name = "models", description = "What texts meet on their way"),
        (name = "text-embeddings-inference", description = "Its routes, for its clients"),
        (name = "openai", description = "Its route, for its clients"),
        (name = "cohere and jina", description = "Their routes, for their clients"),
        (name = "operations", description = "The server itself"),
    )
)]
pub(crate) struct Document;

/// `document` with what is so of all operations: each may end in a problem, and those of a named collection have its name.
pub(crate) fn completed(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    for (path, item) in &mut document.paths.paths {
        let is_named = path.starts_with(OF_COLLECTION);
        for operation in operations(item) {
            operation
                .responses
                .responses
                .insert("default".to_owned(), problem());
            if is_named {
                name_collection(operation, path);
            }
        }
    }
    let schemes = document.components.get_or_insert_default();
    schemes.add_security_scheme(
        BEARER,
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    let header = ApiKey::Header(ApiKeyValue::new("X-API-Key"));
    schemes.add_security_scheme(HEADER, SecurityScheme::ApiKey(header));
    let either = [BEARER, HEADER].map(|name| SecurityRequirement::new(name, NO_SCOPES));
    document.security = Some(
        [SecurityRequirement::default()]
            .into_iter()
            .chain(either)
            .collect(),
    );
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// Adds the name of the collection to what `operation`, which another path may have too, takes.
fn name_collection(operation: &mut Operation, path: &str) {
    let name = ParameterBuilder::new()
        .name("collection")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(name.into());
    // An id is of one operation alone.
    if path != OF_COLLECTION
        && let Some(id) = &mut operation.operation_id
    {
        id.push_str("_in_collection");
    }
}

fn problem() -> RefOr<utoipa::openapi::Response> {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description("What is wrong, as problem details (RFC 9457)")
        .content("application/problem+json", content)
        .build()
        .into()
}
