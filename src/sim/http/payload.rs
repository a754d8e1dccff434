//! Bodies of answers: whole, cut off, or endless.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// A piece of an oversized answer.
static FLOOD: [u8; 65_536] = [b' '; 65_536];

/// The connection closes here, without (the rest of) an answer.
#[derive(Debug, thiserror::Error)]
#[error("the script cuts this connection")]
pub struct Cut;

/// An answer's body.
pub enum Payload {
    Whole(Option<Bytes>),
    /// Less than was announced, then the end of the connection.
    Half {
        start: Option<Bytes>,
        flushed: bool,
    },
    Flood {
        left: u64,
    },
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Payload::Whole(body) => {
                Poll::Ready(body.take().filter(|body| !body.is_empty()).map(|body| Ok(Frame::data(body))))
            }
            Payload::Half { start, flushed } => match start.take().filter(|start| !start.is_empty()) {
                Some(start) => Poll::Ready(Some(Ok(Frame::data(start)))),
                None if *flushed => Poll::Ready(Some(Err(Cut))),
                None => {
                    // A pause lets the server write out what it has before the error drops it.
                    *flushed = true;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
            },
            Payload::Flood { left: 0 } => Poll::Ready(None),
            Payload::Flood { left } => {
                let piece = usize::try_from(*left).unwrap_or(usize::MAX).min(FLOOD.len());
                *left -= piece as u64;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(FLOOD.get(..piece).unwrap_or_default())))))
            }
        }
    }
}
