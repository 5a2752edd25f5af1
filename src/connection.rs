//! How to reach one Kafka cluster, and how often it is said that nobody answers.

use std::collections::HashMap;
use std::time::Duration;

/// A client that cannot reach its brokers says so twenty times a second, as long as they are away.
const REPEAT_AFTER: Duration = Duration::from_secs(30);

/// Brokers and the librdkafka properties that the operator set (`kafka:` in the configuration).
/// Properties that sumun owns are not among them: the configuration refuses them.
/// Holds credentials: no `Debug`, no `Display`, no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// `host:port`, joined by `,`.
    pub brokers: String,
    pub properties: Vec<(String, String)>,
}

/// Which errors of a client have been told lately.
#[derive(Default)]
pub struct Told {
    at: HashMap<i32, Duration>,
}

impl Told {
    /// Whether an error of this code is to be told: at first, and again half a minute later. `now` is any
    /// clock that never goes back.
    pub fn is_news(&mut self, code: i32, now: Duration) -> bool {
        let is_news = self.at.get(&code).is_none_or(|told| now.saturating_sub(*told) >= REPEAT_AFTER);
        if is_news {
            self.at.insert(code, now);
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Told;

    #[test]
    fn an_error_that_goes_on_is_told_now_and_then() {
        let mut told = Told::default();
        let seconds = [(-187, 0.0), (-187, 0.05), (-195, 0.1), (-187, 29.9), (-187, 30.0), (-187, 59.0)];
        let news = seconds.map(|(code, at)| told.is_news(code, Duration::from_secs_f64(at)));
        assert_eq!(news, [true, false, true, false, true, false]);
    }
}
