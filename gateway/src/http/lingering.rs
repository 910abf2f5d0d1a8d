//! The end of a connection whose client may still be sending.
//!
//! A system that closes a connection on bytes that nobody read tells the other side at once, which then throws away what it
//! has not read either: a request that is refused before its body came would lose its answer. So what still comes is read
//! and dropped, for a bounded time.
//! Invariant: nothing is written after the end, and the end takes no longer than `LINGER_MAX`. It looks at no bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Long enough for a client to find an answer while it sends.
const LINGER_MAX: Duration = Duration::from_secs(1);
const SCRATCH_BYTES: usize = 8 << 10;

#[derive(Debug)]
pub(super) struct Lingering<S> {
    stream: S,
    /// Since the own side was closed: when to go.
    until: Option<Pin<Box<Sleep>>>,
}

impl<S> Lingering<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, until: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, until } = self.get_mut();
        let until = match until {
            Some(until) => until,
            None => {
                ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
                until.insert(Box::pin(sleep(LINGER_MAX)))
            }
        };
        let mut scratch = [0; SCRATCH_BYTES];
        while until.as_mut().poll(context).is_pending() {
            let mut read = ReadBuf::new(&mut scratch);
            let came = ready!(Pin::new(&mut *stream).poll_read(context, &mut read));
            if came.is_err() || read.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_still_comes_is_read_until_the_client_ends() {
        let (mut client, server) = duplex(64);
        let mut server = Lingering::new(server);
        server.write_all(b"no").await.unwrap();
        let sending = async {
            client.write_all(&[b'x'; 10_000]).await.unwrap();
            let mut answer = [0; 2];
            client.read_exact(&mut answer).await.unwrap();
            drop(client);
            answer
        };
        let (ended, answer) = tokio::join!(server.shutdown(), sending);
        ended.unwrap();
        assert_eq!(&answer, b"no");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_end_is_left_after_a_time() {
        let (_client, server) = duplex(64);
        let began = tokio::time::Instant::now();
        Lingering::new(server).shutdown().await.unwrap();
        assert!(began.elapsed() >= LINGER_MAX && began.elapsed() < 2 * LINGER_MAX);
    }
}
