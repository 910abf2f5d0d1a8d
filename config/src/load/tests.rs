//! Tests of loading: what wins, and what each wrong source is answered with.
//!
//! Invariant: messages are compared whole, because people act on them. They do not touch the real environment.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::ByteSize;

fn sources(
    file: Option<&Path>,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> Sources {
    Sources {
        file: file.map(Path::to_owned),
        environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        flags: flags.iter().map(|&(name, key, value)| Flag { name, key, value: value.to_owned() }).collect(),
    }
}

/// Loads a file with this text; answers the message with the folder's name taken out.
fn load_text(text: &str) -> Result<Loaded, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("antler.toml");
    std::fs::write(&path, text).unwrap();
    let folder = format!("{}/", dir.path().display());
    sources(Some(&path), &[], &[]).load().map_err(|error| error.to_string().replace(&folder, ""))
}

#[test]
fn without_sources_everything_is_a_default() {
    let loaded = sources(None, &[], &[]).load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.settings().iter().all(|setting| setting.origin == Origin::Default));
}

#[test]
fn later_layers_win_and_each_value_knows_its_origin() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("antler.toml");
    std::fs::write(&path, "[storage]\nlinger = \"3 ms\"\ndata = \"a\"\n\nsegment_bytes = \"2 MiB\"\n")
        .unwrap();
    let environment = [
        ("ANTLER__STORAGE__DATA", "b"),
        ("ANTLER__STORAGE__PARTITIONS", "4"),
        ("ANTLER__LIMITS__HTTP__CONNECTIONS_MAX", "7"),
        ("PATH", "/bin"),
    ];
    let loaded = sources(Some(&path), &environment, &[("--data", "storage.data", "c")]).load().unwrap();
    let storage = &loaded.config.storage;
    assert_eq!(storage.data, Path::new("c"));
    assert_eq!((storage.partitions, storage.linger), (4, Duration::from_millis(3)));
    assert_eq!(storage.segment_bytes, ByteSize::mib(2));
    assert_eq!(loaded.config.limits.http.connections_max, 7);
    let check = |key: &str, origin: &str| assert_eq!(loaded.origin(key).to_string(), origin, "{key}");
    check("storage.data", "flag --data");
    check("storage.partitions", "environment ANTLER__STORAGE__PARTITIONS");
    check("storage.linger", &format!("{}:2", path.display()));
    check("storage.segment_bytes", &format!("{}:5", path.display()));
    check("storage.queue_bytes", "default");
}

#[test]
fn a_wrong_file_is_refused_with_place_value_and_remedy() {
    let check = |text: &str, expected: &str| {
        assert_eq!(
            load_text(text).unwrap_err(),
            format!("the configuration has a problem: {expected}"),
            "{text}"
        );
    };
    check("[storage]\ndta = 1", "antler.toml:2: unknown setting storage.dta; did you mean storage.data?");
    check("[stroage]\ndata = 'x'", "antler.toml:2: unknown setting stroage.data; did you mean storage.data?");
    check(
        "storage.linger = \"2\"",
        "antler.toml:1: storage.linger = \"2\" is not valid: a duration is a whole number with a unit (ns, us, ms, s, m, h, d), such as \"2 ms\"",
    );
    check(
        "[storage]\nqueue_bytes = 5",
        "antler.toml:2: storage.queue_bytes = 5 is not valid: a size is a whole number with a unit (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB), such as \"64 KiB\"",
    );
    check(
        "[storage]\npartitions = 70000",
        "antler.toml:2: storage.partitions = 70000 is not valid: expected a whole number from 0 to 65535",
    );
    check(
        "[storage]\npartitions = 'x'",
        "antler.toml:2: storage.partitions = \"x\" is not valid: expected a whole number from 0 to 65535",
    );
    check(
        "[storage]\npartitions = 257",
        "antler.toml:2: storage.partitions = 257 is not valid: at most 256 partitions",
    );
    check(
        "[logging]\nlevel = 'loud'",
        "antler.toml:2: logging.level = \"loud\" is not valid: expected one of `error`, `warn`, `info`, `debug`, `trace`",
    );
    check(
        "[listeners]\nhttp = '8000'",
        "antler.toml:2: listeners.http = \"8000\" is not valid: an address is HOST:PORT, such as \"127.0.0.1:8000\", \"[::1]:8000\" or \"0.0.0.0:8000\"",
    );
    check("storage = 3", "antler.toml:1: storage is a section, not a setting");
    check(
        "[storage.data]\nx = 1",
        "antler.toml:2: unknown setting storage.data.x; did you mean storage.data?",
    );
    check("[storage]\n\ndata = ", "antler.toml:3: string values must be quoted, expected literal string");
    check("a = 1\na = 2", "antler.toml:2: duplicate key");
}

#[test]
fn all_problems_are_listed_at_once() {
    assert_eq!(
        load_text("[storage]\ndta = 'x'\nlinger = '2 h'\ncommit_bytes = '1 TiB'\n[nothing]\nlike = 'this'")
            .unwrap_err(),
        "the configuration has 4 problems:\
         \n  antler.toml:2: unknown setting storage.dta; did you mean storage.data?\
         \n  antler.toml:6: unknown setting nothing.like; `antler config defaults` lists all\
         \n  antler.toml:3: storage.linger = \"2 h\" is not valid: at most 1 s, because every sender waits for it\
         \n  antler.toml:4: storage.commit_bytes = \"1 TiB\" is not valid: from 4 KiB to the value of storage.queue_bytes"
    );
}

#[test]
fn a_wrong_variable_or_flag_is_named() {
    let check = |sources: Sources, expected: &str| {
        let message = sources.load().unwrap_err().to_string();
        assert_eq!(message, format!("the configuration has a problem: {expected}"));
    };
    check(
        sources(None, &[("ANTLER__STORAGE__DTA", "x")], &[]),
        "environment ANTLER__STORAGE__DTA: unknown setting storage.dta; did you mean ANTLER__STORAGE__DATA?",
    );
    check(
        sources(None, &[("ANTLER__STORAGE__PARTITIONS", "many")], &[]),
        "environment ANTLER__STORAGE__PARTITIONS: storage.partitions = \"many\" is not valid: expected a whole number from 0 to 65535",
    );
    check(
        sources(None, &[], &[("--listen", "listeners.http", "nowhere")]),
        "flag --listen: listeners.http = \"nowhere\" is not valid: an address is HOST:PORT, such as \"127.0.0.1:8000\", \"[::1]:8000\" or \"0.0.0.0:8000\"",
    );
}

#[test]
fn a_list_comes_as_one_or_as_a_text_with_commas() {
    let of_file = |text: &str| load_text(text).map(|loaded| loaded.config.server.trusted_proxies);
    let expected = of_file("[server]\ntrusted_proxies = ['10.0.0.0/8', '::1']").unwrap();
    assert_eq!(expected.0.len(), 2);
    assert_eq!(of_file("[server]\ntrusted_proxies = '10.0.0.0/8,::1'").as_ref(), Ok(&expected));
    let variable = [("ANTLER__SERVER__TRUSTED_PROXIES", " 10.0.0.0/8, ::1,")];
    let loaded = sources(None, &variable, &[]).load().unwrap();
    assert_eq!(loaded.config.server.trusted_proxies, expected);
    let shown = loaded.settings().into_iter().find(|setting| setting.key == "server.trusted_proxies");
    assert_eq!(shown.unwrap().value, r#"["10.0.0.0/8", "::1"]"#);
    let refused = |text: &str, expected: &str| {
        let message = load_text(&format!("[server]\n{text}")).unwrap_err();
        assert_eq!(message, format!("the configuration has a problem: antler.toml:2: {expected}"));
    };
    refused(
        "trusted_proxies = ['proxy']",
        "server.trusted_proxies = [\"proxy\"] is not valid: \"proxy\" cannot be one of its entries: a network is an \
         address with the length of its prefix, such as \"10.0.0.0/8\" or \"::1\"",
    );
    refused("cors_origins = 1", "server.cors_origins = 1 is not valid: expected a list of texts in quotes");
    refused(
        "proxy_header = 'via'",
        "server.proxy_header = \"via\" is not valid: expected one of `x-forwarded-for`, `forwarded`, `x-real-ip`",
    );
}

#[test]
fn a_certificate_needs_its_key_and_a_key_its_certificate() {
    let refused = |text: &str, expected: &str| {
        let message = load_text(&format!("[tls]\n{text}")).unwrap_err();
        assert!(message.contains(expected), "{message}");
    };
    refused("certificate = 'a.pem'", "tls.key = \"\" is not valid: the file of the key");
    refused("key = 'a.pem'", "tls.certificate = \"\" is not valid: the file of the certificate");
    refused("tcp = true", "tls.tcp = true is not valid: false, as long as");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = sources(Some(Path::new("/nowhere/antler.toml")), &[], &[]).load().unwrap_err();
    assert_eq!(error.to_string(), "the configuration file /nowhere/antler.toml cannot be read");
}

#[test]
fn the_secrets_are_those_with_the_name_of_one_and_no_message_shows_them() {
    for key in Layers::defaults().known.keys() {
        let mut table: Table = DEFAULTS_TOML.parse().unwrap();
        set(&mut table, key, Value::String("sentinel".to_owned()));
        let Ok(config) = table.try_into::<Config>() else { continue };
        let shown = leaves(&Table::try_from(&config).unwrap());
        assert_eq!(shown[key].as_str() == Some(MASK), is_secret(key), "{key}");
        assert!(!is_secret(key) || !format!("{config:?}").contains("sentinel"), "{key}");
    }
    let message = load_text("[listeners]\nmetrics_token = 12345").unwrap_err();
    assert!(message.contains("listeners.metrics_token = *** is not valid"), "{message}");
    assert!(!message.contains("12345"), "{message}");
}

#[test]
fn the_known_settings_are_the_fields_of_the_config() {
    let fields = leaves(&Table::try_from(Config::default()).unwrap());
    assert_eq!(Layers::defaults().known, fields);
}

#[test]
fn a_secret_is_read_from_the_file_that_the_environment_names() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let secret = put("secret", b"three blue otters \r\n");
    let name = "ANTLER__LISTENERS__OPERATOR_TOKEN_FILE";
    let loaded = sources(None, &[(name, &secret)], &[]).load().unwrap();
    assert_eq!(loaded.config.listeners.operator_token.reveal(), "three blue otters ");
    assert_eq!(loaded.origin("listeners.operator_token").to_string(), format!("environment {name}"));
    let refused = |environment: &[(&str, &str)], expected: &str| {
        let message = sources(None, environment, &[]).load().unwrap_err().to_string();
        assert!(message.ends_with(expected), "{message} does not end with {expected}");
        assert!(!message.contains("otters"), "{message}");
    };
    let of_file = |path: &str, what: &str| {
        refused(&[(name, path)], &format!("environment {name}: the file of the secret, {path}, {what}"));
    };
    of_file("/nowhere/at/all", "cannot be read: No such file or directory (os error 2)");
    of_file(dir.path().to_str().unwrap(), "cannot be read: Is a directory (os error 21)");
    of_file(&put("empty", b"\n"), "is empty");
    of_file(&put("bytes", b"\xff"), "cannot be read: stream did not contain valid UTF-8");
    of_file(&put("large", &[b'x'; (64 << 10) + 1]), "has more than 65536 bytes");
    refused(
        &[(name, &secret), ("ANTLER__LISTENERS__OPERATOR_TOKEN", "three blue boars")],
        &format!("listeners.operator_token is set by environment {name} too; keep one of them"),
    );
    // Only secrets are worth a file of their own.
    refused(
        &[("ANTLER__LOGGING__LEVEL_FILE", &secret)],
        "unknown setting logging.level_file; `antler config defaults` lists all",
    );
}
