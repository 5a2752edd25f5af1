//! Compiled routes: every path of a route in one set, so that one walk over a text finds them all.

use super::path::{FieldPath, Step};
use super::spec::{RouteSpec, Selectors, Source};
use super::topic::TopicPattern;
use crate::decode::{Frame, Token, TokenKind};
use crate::recipient::Binding;
use crate::subject::TokenType;

/// Paths of one route into one text: they share the bits of a word.
pub const PATHS_MAX: usize = 64;

/// All routes of a configuration. Immutable; shared by all lanes.
#[derive(Debug, Default)]
pub struct Routes {
    routes: Vec<Route>,
}

/// How records of some topics are read.
#[derive(Debug, Default)]
pub struct Route {
    topics: Vec<TopicPattern>,
    /// The record itself first, then the scopes in the order of the configuration. Never empty once compiled.
    pub(super) scopes: Vec<Scope>,
    pub(super) value: PathSet,
    pub(super) key: PathSet,
    pub(super) address: Option<Place>,
    pub(super) declared_country: Option<Place>,
    pub(super) purpose: Option<Place>,
    pub(super) transfer_type: Option<Place>,
    pub(super) time: Option<Place>,
}

#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) recipient: Vec<(Place, Binding)>,
    pub(super) subject: Vec<(Place, TokenType)>,
}

/// Where a value stands, as a lookup.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) kind: PlaceKind,
    /// `header:x-dest-country`, `path:$.to.country`: how evidence names it.
    pub(super) name: String,
}

#[derive(Clone, Debug)]
pub(super) enum PlaceKind {
    Header(Box<[u8]>),
    /// Bit of a path in the value's set; what it hits belongs to instances of a scope.
    Path(u8),
    /// Bit of a path in the key's set; what it hits belongs to the record.
    Key(u8),
    Fixed(Box<str>),
    Topic,
}

/// A route that asks for more than a word can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("route {route} reads more than {PATHS_MAX} paths; split it by topics")]
pub struct TooManyPaths {
    /// Counted from 0.
    pub route: usize,
}

impl Routes {
    pub fn compile(specs: &[RouteSpec]) -> Result<Routes, TooManyPaths> {
        let compile = |(route, spec)| Route::compile(spec).ok_or(TooManyPaths { route });
        specs.iter().enumerate().map(compile).collect::<Result<_, _>>().map(|routes| Routes { routes })
    }

    /// The first route for a topic. Depends on nothing but the name: may be remembered per partition.
    pub fn route_for(&self, topic: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.topics.iter().any(|pattern| pattern.matches(topic)))
    }
}

impl Route {
    fn compile(spec: &RouteSpec) -> Option<Route> {
        let mut paths = Paths::default();
        let root = FieldPath::default();
        let mut scopes = vec![paths.scope(0, &root, &spec.record)?];
        for (scope, position) in spec.scopes.iter().zip(1..) {
            paths.value.add(position, &scope.at, true)?;
            scopes.push(paths.scope(position, &scope.at, &scope.selectors)?);
        }
        let mut single = |source: &Option<Source>| match source {
            None => Some(None),
            Some(source) => paths.place(0, &root, source).map(Some),
        };
        Some(Route {
            topics: spec.topics.clone(),
            scopes,
            address: single(&spec.address)?,
            declared_country: single(&spec.declared_country)?,
            purpose: single(&spec.purpose)?,
            transfer_type: single(&spec.transfer_type)?,
            time: single(&spec.time)?,
            value: paths.value.compile(),
            key: paths.key.compile(),
        })
    }
}

/// The paths of a route while it is compiled. `None` where they are too many.
#[derive(Default)]
struct Paths {
    value: PathList,
    key: PathList,
}

impl Paths {
    fn scope(&mut self, scope: u16, at: &FieldPath, selectors: &Selectors) -> Option<Scope> {
        let recipient = selectors
            .recipient
            .iter()
            .map(|selector| Some((self.place(scope, at, &selector.source)?, selector.binding)));
        let recipient = recipient.collect::<Option<_>>()?;
        let subject = selectors
            .subject
            .iter()
            .map(|selector| Some((self.place(scope, at, &selector.source)?, selector.token)));
        Some(Scope { recipient, subject: subject.collect::<Option<_>>()? })
    }

    fn place(&mut self, scope: u16, at: &FieldPath, source: &Source) -> Option<Place> {
        let (kind, name) = match source {
            Source::Header(name) => (PlaceKind::Header(name.as_bytes().into()), format!("header:{name}")),
            Source::Path(path) => {
                let path = at.join(path);
                (PlaceKind::Path(self.value.add(scope, &path, false)?), format!("path:{path}"))
            }
            Source::Key(path) => (PlaceKind::Key(self.key.add(0, path, false)?), format!("key:{path}")),
            Source::Value(text) => (PlaceKind::Fixed(text.as_str().into()), "value".to_owned()),
            Source::Topic => (PlaceKind::Topic, "topic".to_owned()),
        };
        Some(Place { kind, name })
    }
}

#[derive(Default)]
struct PathList {
    paths: Vec<Wanted>,
}

#[derive(PartialEq, Eq)]
struct Wanted {
    scope: u16,
    path: FieldPath,
    /// Whether it begins an instance of the scope, rather than yielding a value to one.
    begins: bool,
}

impl PathList {
    /// The bit of a path; the same one for the same path of the same scope.
    fn add(&mut self, scope: u16, path: &FieldPath, begins: bool) -> Option<u8> {
        let wanted = Wanted { scope, path: path.clone(), begins };
        let bit = self.paths.iter().position(|known| *known == wanted).unwrap_or_else(|| {
            self.paths.push(wanted);
            self.paths.len() - 1
        });
        u8::try_from(bit).ok().filter(|_| bit < PATHS_MAX)
    }

    fn compile(self) -> PathSet {
        let mut set = PathSet::default();
        let levels = self.paths.iter().map(|wanted| wanted.path.steps.len()).max().unwrap_or_default();
        set.levels.resize_with(levels, Level::default);
        set.ends.resize(levels + usize::from(!self.paths.is_empty()), 0);
        for (position, wanted) in self.paths.iter().enumerate() {
            let bit = 1_u64 << position;
            set.all |= bit;
            set.scopes.push(wanted.scope);
            if wanted.begins {
                set.begins |= bit;
            }
            for (step, level) in wanted.path.steps.iter().zip(&mut set.levels) {
                level.add(step, bit);
            }
            if let Some(ends) = set.ends.get_mut(wanted.path.steps.len()) {
                *ends |= bit;
            }
        }
        set
    }
}

/// Up to [`PATHS_MAX`] paths; a word of bits says which of them lead the way to a place.
#[derive(Debug, Default)]
pub(super) struct PathSet {
    all: u64,
    /// By depth: what the step from it to the next must be.
    levels: Vec<Level>,
    /// By depth: the paths that end there.
    ends: Vec<u64>,
    pub(super) begins: u64,
    /// By bit: to which scope's instances a hit belongs, or which scope begins.
    pub(super) scopes: Vec<u16>,
}

#[derive(Debug, Default)]
struct Level {
    keys: Vec<(Box<[u8]>, u64)>,
    positions: Vec<(u32, u64)>,
    each: u64,
}

impl Level {
    fn add(&mut self, step: &Step, bit: u64) {
        match step {
            Step::Each => self.each |= bit,
            Step::Index(position) => match self.positions.iter_mut().find(|(known, _)| known == position) {
                Some((_, bits)) => *bits |= bit,
                None => self.positions.push((*position, bit)),
            },
            Step::Key(key) => match self.keys.iter_mut().find(|(known, _)| **known == *key.as_bytes()) {
                Some((_, bits)) => *bits |= bit,
                None => self.keys.push((key.as_bytes().into(), bit)),
            },
        }
    }

    /// The paths that go on by this frame.
    fn step(&self, frame: &Frame<'_>, buffer: &mut String) -> u64 {
        match *frame {
            Frame::Index(index) => {
                let position = self.positions.iter().find(|(position, _)| *position == index);
                self.each | position.map_or(0, |(_, bits)| *bits)
            }
            Frame::Key { raw, escaped: false, .. } => self.key(raw),
            Frame::Key { raw, at, escaped } => {
                let token = Token { kind: TokenKind::Key, raw, at, escaped };
                self.key(token.text(buffer).as_bytes())
            }
        }
    }

    fn key(&self, key: &[u8]) -> u64 {
        self.keys.iter().find(|(known, _)| **known == *key).map_or(0, |(_, bits)| *bits)
    }
}

impl PathSet {
    pub(super) fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// The paths that lead to the place at the end of `frames`, given those that lead to the container around it,
    /// by depth.
    pub(super) fn leading(&self, frames: &[Frame<'_>], around: &[u64], buffer: &mut String) -> u64 {
        let Some((last, above)) = frames.split_last() else { return self.all };
        match (around.get(above.len()), self.levels.get(above.len())) {
            (None | Some(0), _) | (_, None) => 0,
            (Some(bits), Some(level)) => bits & level.step(last, buffer),
        }
    }

    /// Of the paths that lead to a depth, those that end there.
    pub(super) fn ending(&self, leading: u64, depth: usize) -> u64 {
        leading & self.ends.get(depth).copied().unwrap_or_default()
    }

    /// Deepest place that any path leads through.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }
}
