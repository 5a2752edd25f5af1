//! Closed sets of label values that no other part of sumun has as its own.

/// A closed set of label values.
macro_rules! label_values {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            pub(super) const TEXTS: &'static [&'static str] = &[$($text),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

label_values! {
    /// Why the broker did not take an output.
    DeliveryFailure {
        /// `delivery.timeout.ms` ran out.
        TimedOut = "timed_out",
        /// The producer's own queue had no room.
        QueueFull = "queue_full",
        /// Larger than the broker takes.
        TooLarge = "too_large",
        NotAuthorized = "not_authorized",
        TopicMissing = "topic_missing",
        /// The producer cannot go on (fenced, out of sequence).
        Fatal = "fatal",
        Other = "other",
    }
}

label_values! {
    Rebalance {
        Assigned = "assigned",
        Revoked = "revoked",
        /// Revoked without a chance to commit.
        Lost = "lost",
    }
}

label_values! {
    CommitResult { Ok = "ok", Failed = "failed" }
}

label_values! {
    /// Stages of a record whose times are sampled.
    TimedStage {
        /// `decode` and `inspect`.
        Inspect = "inspect",
        /// `locate` and `decide`.
        Decide = "decide",
        /// Building and handing over alerts, and the share of the receipt.
        Owe = "owe",
    }
}

label_values! {
    /// What is reloaded as a whole of its own.
    ReloadPart { Facts = "facts", Geo = "geo", Rules = "rules" }
}

label_values! {
    ReloadResult { Ok = "ok", Failed = "failed" }
}
