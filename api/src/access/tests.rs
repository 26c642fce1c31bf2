use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        })
        .collect()
}

#[test]
fn a_key_comes_in_either_header() {
    for (given, expected) in [
        (&[][..], None),
        (&[("authorization", "Bearer abc")], Some("abc")),
        (&[("authorization", "bearer  abc ")], Some("abc")),
        (&[("x-api-key", "abc")], Some("abc")),
        (
            &[("authorization", "Basic eDp5"), ("x-api-key", "abc")],
            Some("abc"),
        ),
        (&[("authorization", "Basic eDp5")], None),
        (&[("authorization", "abc")], None),
        (
            &[("authorization", "Bearer abc"), ("x-api-key", "def")],
            Some("abc"),
        ),
    ] {
        assert_eq!(shown(&headers(given)), expected, "{given:?}");
    }
}

#[test]
fn an_address_that_others_reach_wants_keys() {
    let check = |address: &str, insecure: bool, expected: bool| {
        let options = GateOptions {
            insecure,
            ..GateOptions::default()
        };
        let gate = Gate::new(options, address.parse().unwrap());
        assert_eq!(gate.is_ok(), expected, "{address} {insecure}");
    };
    check("127.0.0.1:0", false, true);
    check("[::1]:8080", false, true);
    check("0.0.0.0:8080", false, false);
    check("[::]:8080", false, false);
    check("192.168.0.7:8080", false, false);
    check("0.0.0.0:8080", true, true);
}

#[test]
fn all_origins_want_keys() {
    let options = |insecure| GateOptions {
        cors_origins: vec!["*".into()],
        insecure,
        ..GateOptions::default()
    };
    let address = "127.0.0.1:0".parse().unwrap();
    assert!(matches!(
        Gate::new(options(false), address),
        Err(GateError::EveryOrigin)
    ));
    assert!(Gate::new(options(true), address).is_ok());
}
