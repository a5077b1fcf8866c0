//! Connections: who gets one, how long each may be silent, and who gives way when all are taken.
//!
//! Invariants: what one network holds never keeps another out ([`crowd`]); whoever sends or takes slowly is cut off, and whoever has a
//! whole request here is not ([`watch`]); an error of `accept` ends nothing; no address is logged.

mod crowd;
mod watch;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response};
use hyper::body::{Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use platform::door::Peer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch as channel};
use tokio::time::{Instant, sleep, sleep_until};
use tower::Service as _;

pub(crate) use crowd::Rules;
use crowd::{Crowd, Member};
use watch::Watched;

/// The most bytes that the head of a request may have, and that are read or kept for sending at a time.
const BUFFER: usize = 16_384;

/// Between two looks for a place, if nobody leaves.
const PATIENCE: Duration = Duration::from_millis(100);

/// After `accept` failed for want of something: files, memory.
const BACK_OFF: Duration = Duration::from_millis(250);

/// Between two lines of the log about that.
const SILENCE: Duration = Duration::from_hours(1);

/// Answers on `listener` until it is told to stop; then lets what has begun end.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    rules: Rules,
    stopping: channel::Receiver<bool>,
) {
    let crowd = Crowd::new(rules);
    // Every task holds one end; when the last is dropped, all have ended.
    let (alive, mut all_ended) = mpsc::channel::<()>(1);
    tokio::select! {
        () = accept(&listener, &crowd, &routes, &stopping, &alive) => {}
        () = stopped(stopping.clone()) => {}
    }
    drop((listener, alive));
    all_ended.recv().await;
}

/// Resolves with the signal to stop, or when nobody is left to give it.
async fn stopped(mut stopping: channel::Receiver<bool>) {
    drop(stopping.wait_for(|stop| *stop).await);
}

async fn accept(
    listener: &TcpListener,
    crowd: &Arc<Crowd>,
    routes: &Router,
    stopping: &channel::Receiver<bool>,
    alive: &mpsc::Sender<()>,
) {
    let mut told = None;
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                // Once in a while, not four times a second.
                if told.is_none_or(|told: Instant| told.elapsed() > SILENCE) {
                    told = Some(Instant::now());
                    tracing::error!(causes = %error, "no connection can be accepted now");
                }
                crowd.thin_out(Instant::now());
                sleep(BACK_OFF).await;
                continue;
            }
        };
        let member = loop {
            if let Some(member) = crowd.enter(Peer(address), Instant::now()) {
                break member;
            }
            tokio::select! {
                () = crowd.room() => {}
                () = sleep(PATIENCE) => {}
            }
        };
        let (routes, stopping, alive) = (routes.clone(), stopping.clone(), alive.clone());
        tokio::spawn(async move {
            attend(stream, address, member, routes, stopping).await;
            drop(alive);
        });
    }
}

/// Whether `accept` failed because the other side was gone already.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers the requests of one connection, until it ends, is told to, or takes too long.
async fn attend(
    stream: TcpStream,
    address: SocketAddr,
    member: Member,
    routes: Router,
    stopping: channel::Receiver<bool>,
) {
    // Without this, small answers wait for the browser's delayed acknowledgement.
    drop(stream.set_nodelay(true));
    let member = Arc::new(member);
    let watch = Arc::clone(member.watch());
    let stream = TokioIo::new(Watched::new(stream, Arc::clone(&watch)));
    let service = service_fn(|request| answer(request, Peer(address), Arc::clone(&member), routes.clone()));
    let connection = http1::Builder::new()
        .max_buf_size(BUFFER)
        // Hyper would count from the last answer on, whether it was taken by then or not, and know one time for waiting and for sending a
        // head: `Watch` tells them apart.
        .header_read_timeout(None)
        .serve_connection(stream, service);

    let mut connection = pin!(connection);
    let mut closing = pin!(watch.closing());
    let mut stop = pin!(stopped(stopping));
    let mut is_stopping = false;
    let mut alarm = pin!(sleep_until(watch.deadline()));
    poll_fn(|context| {
        if closing.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        if !is_stopping && stop.as_mut().poll(context).is_ready() {
            is_stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        // What goes wrong on a connection is the business of the other side.
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut due = watch.deadline();
        if due < alarm.deadline() {
            alarm.as_mut().reset(due);
        }
        // A deadline that moved away is noticed when the old one has come: most of them are never looked at.
        while alarm.as_mut().poll(context).is_ready() {
            due = watch.deadline();
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(due);
        }
        Poll::Pending
    })
    .await;
}

async fn answer(
    request: Request<Incoming>,
    peer: Peer,
    member: Arc<Member>,
    mut routes: Router,
) -> std::io::Result<Response<Answer>> {
    let has_body = !request.body().is_end_stream();
    if !member.watch().begin(has_body, Instant::now()) {
        return Err(gave_way());
    }
    let mut request = request.map(|body| Arriving { body, member: Arc::clone(&member) });
    request.extensions_mut().insert(peer);
    let Ok(response) = routes.call(request).await;
    member.let_go();
    member.watch().answer(Instant::now());
    Ok(response.map(|body| Answer { body, member }))
}

fn gave_way() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "the connection gave way")
}

/// The body of a request, while it arrives.
struct Arriving {
    body: Incoming,
    member: Arc<Member>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        let now = Instant::now();
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => 0,
        };
        let is_whole = frame.is_none() || this.body.is_end_stream();
        let goes_on = this.member.hold(bytes, now) && (!is_whole || this.member.watch().arrived(now));
        if !goes_on {
            return Poll::Ready(Some(Err(axum::Error::new(gave_way()))));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, until its last piece is handed over.
struct Answer {
    body: Body,
    member: Arc<Member>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.member.watch().answered();
    }
}
