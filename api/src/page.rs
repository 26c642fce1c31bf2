//! The page at `/`, and the files that it is made of: they lie in `page/`, and in the binary.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// A file of the page.
#[derive(Debug)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
}

/// A script in `page/`, at its name.
macro_rules! script {
    ($name:literal) => {
        Asset {
            path: concat!("/", $name),
            content_type: "text/javascript; charset=utf-8",
            body: include_str!(concat!("page/", $name)),
        }
    };
}

static ASSETS: &[Asset] = &[
    Asset {
        path: "/",
        content_type: "text/html; charset=utf-8",
        body: include_str!("page/index.html"),
    },
    Asset {
        path: "/page.css",
        content_type: "text/css; charset=utf-8",
        body: include_str!("page/page.css"),
    },
    Asset {
        path: "/icon.svg",
        content_type: "image/svg+xml",
        body: include_str!("page/icon.svg"),
    },
    script!("theme.js"),
    script!("main.js"),
    script!("address.js"),
    script!("api.js"),
    script!("collections.js"),
    script!("compare.js"),
    script!("document.js"),
    script!("dom.js"),
    script!("files.js"),
    script!("filter.js"),
    script!("form.js"),
    script!("highlight.js"),
    script!("hit.js"),
    script!("key.js"),
    script!("keyboard.js"),
    script!("languages.js"),
    script!("notice.js"),
    script!("search.js"),
    script!("texts.js"),
    script!("trace.js"),
    script!("upload.js"),
];

/// The page's routes. They ask for no key: the page is where a key is typed in.
pub(crate) fn page() -> Router {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let answer = move |headers: HeaderMap| async move { asset.answer(&headers) };
        router.route(asset.path, get(answer))
    })
}

impl Asset {
    /// The file, or that it is the one that whoever asks has already.
    fn answer(&self, asked: &HeaderMap) -> Response {
        let tag = self.tag();
        let known = asked
            .get(header::IF_NONE_MATCH)
            .and_then(|tags| tags.to_str().ok());
        let is_known = known.is_some_and(|tags| {
            tags.split(',')
                .any(|known| known.trim().trim_start_matches("W/") == tag)
        });
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.body.into_response()
        };
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, self.content_type),
            // Files of another version must never meet; asking is cheap.
            (header::CACHE_CONTROL, "no-cache"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }

    /// The file's hash (FNV-1a), in quotes as headers have it.
    fn tag(&self) -> String {
        let hash = self
            .body
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("\"{hash:016x}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_there(path: &str) -> bool {
        ASSETS.iter().any(|asset| asset.path == path)
    }

    #[test]
    fn whatever_a_file_names_is_there() {
        for asset in ASSETS {
            let quoted: Vec<&str> = asset.body.split('"').collect();
            for pair in quoted.windows(2) {
                let is_import = pair[0].ends_with(" from ");
                let is_link = pair[0].ends_with("src=") || pair[0].ends_with("href=");
                let named = pair[1].trim_start_matches('.');
                if is_import || (is_link && named.starts_with('/')) {
                    assert!(is_there(named), "{}: {named}", asset.path);
                }
            }
        }
    }

    #[test]
    fn nothing_is_inline_comes_from_elsewhere_or_is_read_as_html() {
        for asset in ASSETS {
            for never in [
                "style=\"",
                "onclick=",
                "javascript:",
                "https://",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "eval(",
            ] {
                assert!(!asset.body.contains(never), "{}: {never}", asset.path);
            }
        }
    }

    #[test]
    fn a_file_that_a_browser_has_is_not_sent_again() {
        let page = &ASSETS[0];
        let first = page.answer(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].clone();
        let ask = |tag: HeaderValue| {
            page.answer(&HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]))
                .status()
        };
        assert_eq!(ask(tag), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(HeaderValue::from_static("\"another\"")), StatusCode::OK);
    }
}
