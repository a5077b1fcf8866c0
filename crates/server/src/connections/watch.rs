//! What one connection is doing, since when, and how long it may go on.
//!
//! Invariant: a request that is here with its whole body is never cut off to make room for others. Whoever is only waiting, still
//! sending, or not taking an answer may be.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use platform::web::REQUEST_TIME;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long the head of a request may take, from its first byte; of the first request, from the connection on.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a connection may wait for its next request.
pub(super) const IDLE_TIME: Duration = Duration::from_mins(1);

/// How long nothing of an answer may be taken.
pub(super) const STALLED_TIME: Duration = Duration::from_secs(30);

/// The limit of a request as such answers with a sentence; this one comes after it, if ever.
const BACKSTOP: Duration = REQUEST_TIME.saturating_add(Duration::from_secs(5));

/// What a connection is doing, in the order in which it gives way to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It waits for its next request.
    Idle,
    /// It is new, or the head of a request is arriving.
    Head,
    /// The body of a request is arriving.
    Body,
    /// An answer is on its way.
    Answer,
    /// A request is here as a whole and not yet answered.
    Working,
    /// It had to give way.
    Closed,
}

struct State {
    phase: Phase,
    since: Instant,
    /// Whether the whole answer was handed over, and only has to be sent.
    is_answered: bool,
}

/// One connection, seen from everywhere.
pub(super) struct Watch {
    state: Mutex<State>,
    closing: Notify,
    held: AtomicUsize,
}

impl Watch {
    pub(super) fn new(now: Instant) -> Self {
        let state = State { phase: Phase::Head, since: now, is_answered: false };
        Self { state: Mutex::new(state), closing: Notify::new(), held: AtomicUsize::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of the other side have come.
    fn has_read(&self, now: Instant) {
        let mut state = self.lock();
        if state.phase == Phase::Idle {
            (state.phase, state.since) = (Phase::Head, now);
        }
    }

    /// A request begins. `false` where the connection had to give way meanwhile.
    pub(super) fn begin(&self, has_body: bool, now: Instant) -> bool {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            return false;
        }
        (state.phase, state.since) = (if has_body { Phase::Body } else { Phase::Working }, now);
        true
    }

    /// The body is here as a whole. `false` where the connection had to give way meanwhile.
    pub(super) fn arrived(&self, now: Instant) -> bool {
        let mut state = self.lock();
        if state.phase == Phase::Body {
            (state.phase, state.since) = (Phase::Working, now);
        }
        state.phase != Phase::Closed
    }

    /// There is an answer, and it will be sent.
    pub(super) fn answer(&self, now: Instant) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            (state.phase, state.since, state.is_answered) = (Phase::Answer, now, false);
        }
    }

    /// The last piece of the answer was handed over.
    pub(super) fn answered(&self) {
        self.lock().is_answered = true;
    }

    /// The other side took something.
    fn has_written(&self, now: Instant) {
        let mut state = self.lock();
        if state.phase == Phase::Answer {
            state.since = now;
        }
    }

    /// Everything that was handed over is sent.
    fn has_flushed(&self, now: Instant) {
        let mut state = self.lock();
        if state.phase == Phase::Answer && state.is_answered {
            (state.phase, state.since) = (Phase::Idle, now);
        }
    }

    /// How soon it gives way to others, the smallest first; `None` if it does not.
    pub(super) fn rank(&self) -> Option<(Phase, Instant)> {
        let state = self.lock();
        (state.phase < Phase::Working).then_some((state.phase, state.since))
    }

    /// Makes it end, unless it has a whole request at work by now.
    pub(super) fn close(&self) -> bool {
        let mut state = self.lock();
        if state.phase >= Phase::Working {
            return false;
        }
        state.phase = Phase::Closed;
        drop(state);
        self.closing.notify_one();
        true
    }

    /// Resolves when it has to give way.
    pub(super) async fn closing(&self) {
        self.closing.notified().await;
    }

    /// When what it does now has taken too long.
    pub(super) fn deadline(&self) -> Instant {
        let state = self.lock();
        let lasts = match state.phase {
            Phase::Idle => IDLE_TIME,
            Phase::Head => HEAD_TIME,
            Phase::Answer => STALLED_TIME,
            Phase::Body | Phase::Working | Phase::Closed => BACKSTOP,
        };
        state.since + lasts
    }

    /// Bytes of a body are kept for it.
    pub(super) fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives back how many bytes were kept for it; from now on none are.
    pub(super) fn let_go(&self) -> usize {
        self.held.swap(0, Ordering::Relaxed)
    }
}

/// A stream that tells its [`Watch`] what goes through it.
pub(super) struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, watch: Arc<Watch>) -> Self {
        Self { stream, watch }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            this.watch.has_read(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        this.watch.has_written(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        this.watch.has_flushed(Instant::now());
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(context, pieces))?;
        this.watch.has_written(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
