//! An AWS of a few lines: answers JSON requests on a port of this machine as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// The status and body of an answer.
pub(crate) type Answer = (u16, Value);

/// Told the operation and the body of a request.
pub(crate) type Handler = Box<dyn FnMut(&str, Value) -> Answer + Send>;

pub(crate) struct Stub {
    pub(crate) url: String,
}

impl Stub {
    pub(crate) fn start(handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let handler = Arc::new(Mutex::new(handler));
        // It ends with the test's process.
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let handler = Arc::clone(&handler);
                thread::spawn(move || while serve(&connection, &handler).is_some() {});
            }
        });
        Self { url }
    }
}

/// Answers one request; `None` when the connection has ended.
fn serve(connection: &TcpStream, handler: &Mutex<Handler>) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            match line.trim_end() {
                "" => break,
                _ => continue,
            }
        };
        match &*name.to_lowercase() {
            "content-length" => length = value.trim().parse().unwrap(),
            "x-amz-target" => operation = value.rsplit('.').next().unwrap().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap();
    let (status, answer) = handler.lock().unwrap()(&operation, body);
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
        answer.len()
    );
    let mut writer = connection;
    writer.write_all(format!("{head}{answer}").as_bytes()).ok()
}

/// `replay` in `folder`, with credentials that are none and no configuration of this machine.
pub(crate) fn replay(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "none")
        .env("AWS_SHARED_CREDENTIALS_FILE", "none");
    command
}

/// Exit status, standard output and standard error.
pub(crate) fn ended(mut command: Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().expect("no signal ended it"),
        text(output.stdout),
        text(output.stderr),
    )
}
