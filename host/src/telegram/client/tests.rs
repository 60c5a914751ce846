use super::*;

#[test]
fn an_update_without_a_number_gets_one_of_its_own() {
    assert_eq!(number(r#"{"message":{},"update_id":17}"#).update_id, 17);
    for odd in [
        r#"{"message":{}}"#,
        r#"{"update_id":"17"}"#,
        r#"{"update_id":-3}"#,
        r#"{"update_id":1e30}"#,
        "[]",
        "null",
        r#"{"update_id":9223372036854775807}"#,
    ] {
        let (first, again) = (number(odd), number(odd));
        assert!(first.update_id < 0, "{odd}");
        assert_eq!((first.update_id, &*first.raw), (again.update_id, odd), "the same bytes are the same update");
    }
    assert_ne!(number("{}").update_id, number("[]").update_id);
}

#[test]
fn what_is_posted_can_always_be_stored() {
    assert_eq!(RawUpdate::posted(br#"{"update_id":17}"#), number(r#"{"update_id":17}"#));
    let odd = RawUpdate::posted(b"\xff\0{");
    assert!(odd.update_id < 0);
    assert_eq!(odd.raw, "\u{fffd}\u{fffd}{");
}

#[tokio::test]
async fn no_error_tells_the_token() {
    let pool = Pool::new().expect("a pool");
    let token = Token::new("123456:very-secret");
    // Nobody listens there, and the second is no address at all.
    for url in ["http://127.0.0.1:1", "http://127.0.0.1:1/x y", "http://[", "ftp://127.0.0.1"] {
        let client = Client::new(&pool, url, &token);
        let error = client.get_me().await.expect_err("nobody is there");
        assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        let error = client.file("id", 10).await.expect_err("nobody is there");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    let refused = Client::new(&pool, "http://127.0.0.1:1", &token).call("../getMe", "{}").await;
    assert!(matches!(refused, Err(CallError::Refused(Refusal { code: 404, .. }))));
}

/// A server that gives every request this answer and hangs up.
async fn answering(status: &str, body: Vec<u8>) -> Client {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let tasks = crate::shutdown::Tasks::default();
    tasks.spawn_detached(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body).await;
        }
    });
    Client::new(&Pool::new().expect("a pool"), &url, &Token::new("123456:very-secret"))
}

#[tokio::test]
async fn one_odd_update_does_not_spoil_the_batch() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let large = "x".repeat(512 * 1024);
    let updates = [
        r#"{"update_id":7,"message":{"text":"fine"}}"#.to_owned(),
        r#"{"message": "no number" }"#.to_owned(),
        format!(r#"{{"update_id":8,"poll":{deep}}}"#),
        format!(r#"{{"update_id":9,"message":{{"text":"{large}"}}}}"#),
        "null".to_owned(),
        r#"{ "update_id" : 10 , "odd" : "\ud83d" }"#.to_owned(),
    ];
    let body = format!(r#"{{"ok":true,"result":[{}]}}"#, updates.join(" ,\n"));
    let client = answering("200 OK", body.into_bytes()).await;
    let batch = client.get_updates(None, 100, 0, &[]).await.expect("a batch");
    let raw: Vec<_> = batch.iter().map(|update| update.raw.as_str()).collect();
    assert_eq!(raw, updates, "byte for byte");
    let numbers: Vec<_> = batch.iter().map(|update| update.update_id.max(-1)).collect();
    assert_eq!(numbers, [7, -1, 8, 9, -1, 10]);
}

#[tokio::test]
async fn broken_bytes_cost_themselves_alone() {
    let mut body = br#"{"ok":true,"result":[{"update_id":1,"message":{"text":"a"#.to_vec();
    body.extend([0xff, 0xfe]);
    body.extend(br#"b"}}]}"#);
    let batch = answering("200 OK", body).await.get_updates(None, 100, 0, &[]).await.expect("a batch");
    assert_eq!(batch[0].update_id, 1);
    assert!(batch[0].raw.contains("a\u{fffd}\u{fffd}b"));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_the_end() {
    let client = answering("200 OK", vec![b' '; LARGEST_ANSWER + 1]).await;
    assert!(matches!(client.call("getChat", "{}").await, Err(CallError::Ambiguous(_))));
}
