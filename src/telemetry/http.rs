//! `/metrics`, `/livez` and `/readyz`, served by one thread of its own. No payload is ever reachable here.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::health::Health;
use super::metrics::Metrics;

/// A lane that has not polled for so long hangs: an assignment may rightly take more than a minute.
const HANGS_AFTER: Duration = Duration::from_mins(3);

/// The running HTTP thread. Dropped, it stops answering; requests under way are not waited for.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone)]
struct Shared {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

#[derive(Deserialize)]
struct ReadyQuery {
    /// `?verbose` prints the checks also where all is well.
    verbose: Option<String>,
}

impl Server {
    /// Binds `listen` (port 0: any free port) and answers until dropped. The address that was bound is logged
    /// as `listening on ADDRESS`.
    ///
    /// # Errors
    /// The address cannot be bound, or the thread cannot be started.
    pub fn start(listen: SocketAddr, metrics: Arc<Metrics>, health: Arc<Health>) -> io::Result<Server> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (stop, stopped) = oneshot::channel();
        let shared = Shared { metrics, health };
        let thread = thread::Builder::new().name("telemetry".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    result = serve(listener, shared) => {
                        if let Err(error) = result {
                            tracing::error!(%error, "telemetry stopped answering");
                        }
                    }
                    // An error means that the sender is gone, which is the same wish.
                    _ = stopped => {}
                }
            });
        })?;
        tracing::info!("listening on {address}");
        Ok(Server { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address that was bound, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Neither can fail in a way that matters: the thread has ended already, or it ends now.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(listener: TcpListener, shared: Shared) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(shared);
    axum::serve(listener, router).await
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match shared.metrics.render(SystemTime::now()) {
        Ok(text) => ([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Alive is whose lanes poll. Whether they make progress is a question for `/metrics` (lag, age of the oldest
/// output): a restart does not cure a broker that is down.
async fn livez(State(shared): State<Shared>) -> (StatusCode, String) {
    let poll_age = shared.metrics.poll_age(SystemTime::now());
    if poll_age < HANGS_AFTER {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("a lane has not polled for {} s\n", poll_age.as_secs()))
    }
}

async fn readyz(State(shared): State<Shared>, Query(query): Query<ReadyQuery>) -> (StatusCode, String) {
    if shared.health.is_ready() {
        let text =
            if query.verbose.is_some() { shared.health.report(Timestamp::now()) } else { "ok\n".to_owned() };
        (StatusCode::OK, text)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, shared.health.report(Timestamp::now()))
    }
}
