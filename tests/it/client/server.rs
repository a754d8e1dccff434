//! A server on loopback that answers as a script says: one request per connection, and keeps what it read.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What is done with one request, after it was read whole.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sent as it is, then closed.
    Send(Vec<u8>),
    /// Closed without a byte.
    Close,
    /// Never answered.
    Silence,
    /// Sent as it is, then nothing more.
    Stall(Vec<u8>),
    /// Headers, then a body of 100 MB.
    Flood,
}

/// A whole HTTP answer.
pub fn http(status: u16, headers: &[(&str, &str)], body: &str) -> Act {
    let length = body.len().to_string();
    let fixed = [("content-length", length.as_str()), ("connection", "close")];
    let lines: Vec<String> = fixed.iter().chain(headers).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Act::Send(format!("HTTP/1.1 {status} X\r\n{}\r\n{body}", lines.concat()).into_bytes())
}

pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers the first request with the first act, and so on; the last one again and again.
    pub async fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&seen), script.clone()));
            }
        });
        Self { address, requests }
    }

    /// Head and body of each request, in order.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>, script: Vec<Act>) {
    let Some(request) = read(&mut stream).await else { return };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request);
        seen.len() - 1
    };
    match script[number.min(script.len() - 1)].clone() {
        Act::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::Close => {}
        Act::Silence => until_left(stream).await,
        Act::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            until_left(stream).await;
        }
        Act::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n").await;
            let piece = vec![b' '; 1 << 20];
            for _ in 0..100 {
                if stream.write_all(&piece).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Until the client leaves.
async fn until_left(mut stream: TcpStream) {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().to_owned()))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        match tokio::time::timeout(Duration::from_secs(10), stream.read(&mut piece)).await {
            Ok(Ok(count)) if count > 0 => bytes.extend_from_slice(&piece[..count]),
            _ => return None,
        }
    }
}
