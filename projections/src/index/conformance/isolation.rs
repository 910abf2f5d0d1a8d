//! Cases of tenants who share an index: what one does or has is nothing to another.

use antler_events::query::tree::{FieldName, Filter};

use super::Subject;
use super::given::*;
use crate::index::port::{
    Bounds, ContextQuery, FacetQuery, FieldsQuery, HistogramQuery, LineQuery, Patterns, PatternsQuery,
    Period, Resolution, TenantStatistics, Total, ValueMatch, ValuesQuery,
};

pub(super) async fn a_foreign_tenant_finds_nothing(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(80, 3)).await;
    let (nobody, period) = (tenant("nobody"), Period::ALWAYS);
    for _ in 0..2 {
        let page = page(&*index, "nobody", LineQuery { wants_total: true, ..newest("*", 10) }).await;
        assert_eq!((page.lines, page.total, page.next), (vec![], Some(Total::Exactly(0)), None));
        assert!(!page.coverage.is_partial);
        let query = HistogramQuery { filter: Filter::All, period, resolution: Resolution::Buckets(9) };
        assert_eq!(index.histogram(nobody, query, BOUNDS).await.expect("an answer").buckets, []);
        let field = FieldName::named("level");
        let query = FacetQuery { filter: Filter::All, period, fields: vec![field.clone()], size: 9 };
        let facets = index.facets(nobody, query, BOUNDS).await.expect("an answer").facets;
        assert_eq!((&facets[0].values[..], facets[0].others), (&[][..], 0));
        let query = ValuesQuery { field, period, like: ValueMatch::Any, size: 9 };
        assert_eq!(index.values(nobody, query, BOUNDS).await.expect("an answer").facets[0].values, []);
        let query = FieldsQuery { period, prefix: String::new(), size: 9 };
        assert_eq!(index.fields(nobody, query, BOUNDS).await.expect("an answer").fields, []);
        let query = PatternsQuery { new_since: Some(second(0)), ..PatternsQuery::most_frequent(9) };
        let patterns = index.patterns(nobody, query, BOUNDS).await.expect("an answer");
        assert_eq!(patterns, Patterns::default());
        for text in ["stats count() by level", "limit 5", "top 3 level", "patterns"] {
            let answer = index.table(nobody, table(text, "*"), BOUNDS).await.expect("an answer");
            assert_eq!(answer.rows, [] as [Vec<_>; 0], "{text}");
        }
        assert_eq!(index.explain(nobody, newest("*", 9), BOUNDS).await.expect("an answer").lines, 0);
        let figures = index.tenant_statistics(nobody, BOUNDS).await.expect("an answer");
        assert_eq!(figures, TenantStatistics::default());
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn an_id_of_another_tenant_is_not_found(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(80, 3)).await;
    for _ in 0..2 {
        for line in page(&*index, "acme", newest("*", 1_000)).await.lines.iter().step_by(13) {
            for name in ["bolt", "cord", "nobody"] {
                let found = index.line(tenant(name), line.id(), BOUNDS).await.expect("an answer");
                assert_eq!(found.line, None);
                let query = ContextQuery { same: Vec::new(), ..ContextQuery::new(line.id(), 9, 9) };
                let context = index.context(tenant(name), query, BOUNDS).await.expect("an answer");
                assert_eq!((context.before, context.line, context.after), (vec![], None, vec![]));
            }
        }
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn hostile_lines_harm_nobody(subject: Subject) {
    let index = subject.index();
    let names: Vec<String> =
        (0..3_000).map(|n| format!(r#"{{"field {n}\u0000\u202e{}":{n}}}"#, "x".repeat(n % 300))).collect();
    let many =
        format!("{{{}}}", (0..5_000).map(|n| format!("\"k{n}\":\"v{n}\"")).collect::<Vec<_>>().join(","));
    let deep = format!("{}1{}", "{\"a\":".repeat(60), "}".repeat(60));
    let changing =
        [r#"{"v":1}"#, r#"{"v":"1"}"#, r#"{"v":true}"#, r#"{"v":[{"v":null}]}"#, r#"{"":"","v":{}}"#];
    let odd: Vec<String> = [many, deep].into_iter().chain(changing.map(str::to_owned)).collect();
    feed(&*index, 0, vec![event("cord", 1, second(0), &names), event("acme", 2, second(1), &["mine v9"])])
        .await;
    feed(&*index, 1, vec![event("cord", 1, second(2), &odd)]).await;
    for _ in 0..2 {
        let bounds = Bounds { memory_bytes: 256 << 20, ..BOUNDS };
        let (found, _) = by_pages(&*index, "cord", oldest("*", 1_000), |_| bounds).await;
        assert_eq!(texts(&found), names.iter().chain(&odd).cloned().collect::<Vec<_>>());
        assert_eq!(
            page(&*index, "cord", newest("v4999", 10)).await.lines.len(),
            1,
            "what is cut is searched"
        );
        assert_eq!(page(&*index, "cord", newest("v:1", 10)).await.lines.len(), 2);
        assert_eq!(texts(&page(&*index, "acme", newest("*", 10)).await.lines), ["mine v9"]);
        let query = FieldsQuery { period: Period::ALWAYS, prefix: String::new(), size: 100 };
        let mine = index.fields(tenant("acme"), query, BOUNDS).await.expect("fields").fields;
        assert_eq!(mine.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["message"]);
        index.flush().await.expect("a flush");
    }
}
