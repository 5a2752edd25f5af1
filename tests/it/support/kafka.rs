//! Topics, groups and records on the broker, through rdkafka; and a produce request written by hand for what no
//! client library would send.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::producer::{
    BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer,
};
use rdkafka::util::Timeout;
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

use super::wait;

const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// How long a static member that was killed may stay in its group: its session, and some time for the broker.
const EMPTY_GROUP_LIMIT_S: u64 = 60;

fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("socket.timeout.ms", "10000").set("log_level", "0");
    config
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    config(bootstrap).create().expect("an admin client")
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// None while nobody answers.
pub fn cluster_id(bootstrap: &str) -> Option<String> {
    let client: BaseConsumer = config(bootstrap).create().expect("a client");
    client.client().fetch_cluster_id(Duration::from_secs(1))
}

pub fn create_topic(bootstrap: &str, name: &str, partitions: i32, settings: &[(&str, &str)]) {
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    for (key, value) in settings {
        topic = topic.set(key, value);
    }
    let admin = admin(bootstrap);
    let options = AdminOptions::new().operation_timeout(Some(REQUEST_LIMIT));
    for result in block_on(admin.create_topics([&topic], &options)).expect("the broker answers") {
        result.expect("the topic is made");
    }
    // The broker answers before its metadata shows the topic.
    wait::until("the new topic", 10, || {
        let metadata = admin.inner().fetch_metadata(Some(name), REQUEST_LIMIT).ok()?;
        let topic = metadata.topics().first()?;
        let led = topic.partitions().iter().filter(|partition| partition.leader() >= 0).count();
        (led == usize::try_from(partitions).unwrap()).then_some(())
    });
}

/// Deletes what the group has committed. The group must have no members: those that were killed are waited for.
pub fn delete_group(bootstrap: &str, group: &str) {
    let admin = admin(bootstrap);
    wait::until("the group to be deleted", EMPTY_GROUP_LIMIT_S, || {
        let results = block_on(admin.delete_groups(&[group], &AdminOptions::new())).ok()?;
        results.into_iter().all(|result| result.is_ok()).then_some(())
    });
}

/// Moves the group's offsets, as an operator does. The group must have no members: those that were killed are
/// waited for.
pub fn move_offsets(bootstrap: &str, group: &str, topic: &str, offsets: &BTreeMap<i32, i64>) {
    let consumer: BaseConsumer = config(bootstrap).set("group.id", group).create().unwrap();
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset)).unwrap();
    }
    wait::until("the group to be empty", EMPTY_GROUP_LIMIT_S, || {
        consumer.commit(&list, CommitMode::Sync).ok()
    });
}

/// Deletes what lies before these offsets, as retention does.
pub fn delete_before(bootstrap: &str, topic: &str, offsets: &BTreeMap<i32, i64>) {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset)).unwrap();
    }
    let deleted = block_on(admin(bootstrap).delete_records(&list, &AdminOptions::new()));
    for element in deleted.expect("the broker answers").elements() {
        element.error().expect("the records are deleted");
    }
}

/// Committed offsets by partition; none where none is committed.
pub fn committed(bootstrap: &str, group: &str, topic: &str) -> BTreeMap<i32, Option<i64>> {
    Watch::new(bootstrap, group, topic).committed().expect("the broker answers")
}

/// First and next offset by partition.
pub fn watermarks(bootstrap: &str, topic: &str) -> BTreeMap<i32, (i64, i64)> {
    Watch::new(bootstrap, "nobody", topic).watermarks()
}

/// Looks at a group and a topic without being a member.
pub struct Watch {
    consumer: BaseConsumer,
    topic: String,
    partitions: Vec<i32>,
}

impl Watch {
    pub fn new(bootstrap: &str, group: &str, topic: &str) -> Watch {
        let consumer: BaseConsumer = config(bootstrap).set("group.id", group).create().unwrap();
        let partitions = partitions(&consumer, topic);
        Watch { consumer, topic: topic.to_owned(), partitions }
    }

    pub fn committed(&self) -> Option<BTreeMap<i32, Option<i64>>> {
        let mut list = TopicPartitionList::new();
        for partition in &self.partitions {
            list.add_partition(&self.topic, *partition);
        }
        let list = self.consumer.committed_offsets(list, REQUEST_LIMIT).ok()?;
        let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
        Some(list.elements().iter().map(|element| (element.partition(), offset(element.offset()))).collect())
    }

    pub fn watermarks(&self) -> BTreeMap<i32, (i64, i64)> {
        let marks = |partition| {
            self.consumer.fetch_watermarks(&self.topic, partition, REQUEST_LIMIT).expect("the broker answers")
        };
        self.partitions.iter().map(|partition| (*partition, marks(*partition))).collect()
    }

    /// Offsets committed beyond nothing, summed: how far the group has come.
    pub fn progress(&self) -> i64 {
        self.committed().unwrap_or_default().values().flatten().sum()
    }
}

fn partitions(consumer: &BaseConsumer, topic: &str) -> Vec<i32> {
    let metadata = consumer.fetch_metadata(Some(topic), REQUEST_LIMIT).expect("the broker answers");
    metadata.topics().iter().flat_map(MetadataTopic::partitions).map(MetadataPartition::id).collect()
}

/// A record as it stands in the log.
#[derive(Clone, Debug)]
pub struct Stored {
    pub partition: i32,
    pub offset: i64,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// Everything in the topic up to the end it has now, by partition and offset.
pub fn read_all(bootstrap: &str, topic: &str) -> Vec<Stored> {
    let consumer: BaseConsumer = config(bootstrap)
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("fetch.queue.backoff.ms", "5")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    let partitions = partitions(&consumer, topic);
    for partition in &partitions {
        list.add_partition_offset(topic, *partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let mut records = Vec::new();
    let mut ended = 0;
    while ended < partitions.len() {
        match consumer.poll(REQUEST_LIMIT) {
            Some(Ok(message)) => records.push(Stored {
                partition: message.partition(),
                offset: message.offset(),
                key: message.key().unwrap_or_default().to_vec(),
                value: message.payload().unwrap_or_default().to_vec(),
            }),
            Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => assert!(is_transient(&error), "reading {topic}: {error}"),
            None => panic!("{topic} was not read to its end"),
        }
    }
    records.sort_by_key(|record| (record.partition, record.offset));
    records
}

fn is_transient(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::Resolve
        )
    )
}

/// A record to produce.
#[derive(Clone, Debug)]
pub struct Message {
    pub topic: String,
    pub partition: i32,
    pub timestamp_ms: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Message {
    pub fn new(topic: &str, partition: i32) -> Message {
        Message {
            topic: topic.to_owned(),
            partition,
            timestamp_ms: None,
            key: None,
            value: None,
            headers: Vec::new(),
        }
    }

    pub fn value(mut self, value: &[u8]) -> Message {
        self.value = Some(value.to_vec());
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Message {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    pub fn at_ms(mut self, timestamp_ms: i64) -> Message {
        self.timestamp_ms = Some(timestamp_ms);
        self
    }
}

/// Where a record went, by the number that `send` gave it.
pub type Placed = BTreeMap<usize, (i32, i64)>;

/// Produces them in one transaction of the producer `id`, and commits it.
pub fn produce_in_transaction(bootstrap: &str, id: &str, messages: &[Message]) {
    let producer: BaseProducer = config(bootstrap).set("transactional.id", id).create().unwrap();
    producer.init_transactions(REQUEST_LIMIT).expect("a coordinator");
    producer.begin_transaction().unwrap();
    for message in messages {
        let record = BaseRecord::<(), [u8]>::to(&message.topic).partition(message.partition);
        let record = record.payload(message.value.as_deref().unwrap_or_default());
        producer
            .send(record.timestamp(message.timestamp_ms.expect("a time")))
            .map_err(|(error, _)| error)
            .unwrap();
    }
    producer.commit_transaction(Timeout::After(REQUEST_LIMIT)).expect("the transaction is committed");
}

/// Produces and keeps the delivery reports.
pub struct Producer {
    client: ThreadedProducer<Reports>,
    sent: Mutex<usize>,
    placed: Arc<Mutex<Placed>>,
}

struct Reports(Arc<Mutex<Placed>>);

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<usize>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Box<usize>) {
        // What was not delivered is missing in the end, and `flush` says so.
        if let Ok(message) = result {
            self.0.lock().unwrap().insert(*number, (message.partition(), message.offset()));
        }
    }
}

impl Producer {
    pub fn new(bootstrap: &str) -> Producer {
        let placed = Arc::new(Mutex::new(Placed::new()));
        let mut config = config(bootstrap);
        // The order of the records in a partition is the order of `send`; 10 MB records pass.
        config
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("message.max.bytes", "20000000")
            .set("queue.buffering.max.kbytes", "262144");
        let client =
            ThreadedProducer::from_config_and_context(&config, Reports(Arc::clone(&placed))).unwrap();
        Producer { client, sent: Mutex::new(0), placed }
    }

    /// Hands a record over and gives its number; blocks while the queue is full.
    pub fn send(&self, message: &Message) -> usize {
        let number = {
            let mut sent = self.sent.lock().unwrap();
            *sent += 1;
            *sent - 1
        };
        let mut headers = OwnedHeaders::new_with_capacity(message.headers.len());
        for (key, value) in &message.headers {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let mut record =
            BaseRecord::<[u8], [u8], Box<usize>>::with_opaque_to(&message.topic, Box::new(number))
                .partition(message.partition)
                .headers(headers);
        if let Some(timestamp_ms) = message.timestamp_ms {
            record = record.timestamp(timestamp_ms);
        }
        if let Some(key) = &message.key {
            record = record.key(key);
        }
        if let Some(value) = &message.value {
            record = record.payload(value);
        }
        let mut unsent = Some(record);
        wait::until("room in the producer's queue", 60, || {
            match self.client.send(unsent.take().expect("returned when refused")) {
                Ok(()) => Some(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), record)) => {
                    unsent = Some(record);
                    None
                }
                Err((error, _)) => panic!("send: {error}"),
            }
        });
        number
    }

    /// Waits until all records are acknowledged and gives where they are.
    pub fn flush(&self) -> Placed {
        self.client.flush(Timeout::After(Duration::from_mins(2))).expect("all records are delivered");
        let sent = *self.sent.lock().unwrap();
        wait::until("the delivery reports", 10, || (self.placed.lock().unwrap().len() == sent).then_some(()));
        self.placed.lock().unwrap().clone()
    }
}

/// Produces one record with header names and values that are any bytes, by a request written by hand: client
/// libraries take names as text only, a hostile sender is not held by that. Gives the record's offset.
pub fn produce_raw(bootstrap: &str, message: &Message, headers: &[(&[u8], &[u8])]) -> i64 {
    raw::produce(bootstrap, message, headers)
}

/// The Kafka protocol, as little of it as one produce request needs (version 3, record batch format 2).
mod raw {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::{Message, REQUEST_LIMIT};

    const PRODUCE: i16 = 0;
    const VERSION: i16 = 3;

    pub(super) fn produce(bootstrap: &str, message: &Message, headers: &[(&[u8], &[u8])]) -> i64 {
        let batch = batch(message, headers);
        let mut body = Vec::new();
        put_i16(&mut body, -1); // transactional id: none
        put_i16(&mut body, -1); // acks: all
        put_i32(&mut body, 10_000); // timeout
        put_i32(&mut body, 1);
        put_text(&mut body, &message.topic);
        put_i32(&mut body, 1);
        put_i32(&mut body, message.partition);
        put_i32(&mut body, length(&batch));
        body.extend_from_slice(&batch);

        let mut request = Vec::new();
        put_i16(&mut request, PRODUCE);
        put_i16(&mut request, VERSION);
        put_i32(&mut request, 1); // correlation id
        put_text(&mut request, "raw");
        request.extend_from_slice(&body);

        let mut stream = TcpStream::connect(bootstrap).expect("the broker listens");
        stream.set_read_timeout(Some(REQUEST_LIMIT)).unwrap();
        stream.write_all(&length(&request).to_be_bytes()).unwrap();
        stream.write_all(&request).unwrap();
        let mut size = [0; 4];
        stream.read_exact(&mut size).unwrap();
        let mut response = vec![0; usize::try_from(i32::from_be_bytes(size)).unwrap()];
        stream.read_exact(&mut response).unwrap();
        // correlation id, one topic: name, one partition: index, error code, base offset
        let at = 4 + 4 + 2 + message.topic.len() + 4 + 4;
        let error = i16::from_be_bytes(response[at..at + 2].try_into().unwrap());
        assert_eq!(error, 0, "the broker refused the raw record");
        i64::from_be_bytes(response[at + 2..at + 10].try_into().unwrap())
    }

    fn batch(message: &Message, headers: &[(&[u8], &[u8])]) -> Vec<u8> {
        let timestamp_ms = message.timestamp_ms.unwrap_or(0);
        let mut record = vec![0]; // attributes
        put_varint(&mut record, 0); // timestamp delta
        put_varint(&mut record, 0); // offset delta
        put_bytes(&mut record, message.key.as_deref());
        put_bytes(&mut record, message.value.as_deref());
        let named = message.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
        put_varint(&mut record, i64::try_from(message.headers.len() + headers.len()).unwrap());
        for (name, value) in named.chain(headers.iter().copied()) {
            put_bytes(&mut record, Some(name));
            put_bytes(&mut record, Some(value));
        }

        let mut checked = Vec::new();
        put_i16(&mut checked, 0); // attributes: no compression, create time
        put_i32(&mut checked, 0); // last offset delta
        checked.extend_from_slice(&timestamp_ms.to_be_bytes());
        checked.extend_from_slice(&timestamp_ms.to_be_bytes());
        checked.extend_from_slice(&(-1_i64).to_be_bytes()); // producer id, epoch, sequence: none
        put_i16(&mut checked, -1);
        put_i32(&mut checked, -1);
        put_i32(&mut checked, 1); // one record
        put_varint(&mut checked, i64::from(length(&record)));
        checked.extend_from_slice(&record);

        let mut batch = Vec::new();
        batch.extend_from_slice(&0_i64.to_be_bytes()); // base offset
        put_i32(&mut batch, length(&checked) + 4 + 1 + 4);
        put_i32(&mut batch, -1); // leader epoch
        batch.push(2); // format
        batch.extend_from_slice(&crc32c(&checked).to_be_bytes());
        batch.extend_from_slice(&checked);
        batch
    }

    fn length(bytes: &[u8]) -> i32 {
        i32::try_from(bytes.len()).unwrap()
    }

    fn put_i16(out: &mut Vec<u8>, number: i16) {
        out.extend_from_slice(&number.to_be_bytes());
    }

    fn put_i32(out: &mut Vec<u8>, number: i32) {
        out.extend_from_slice(&number.to_be_bytes());
    }

    fn put_text(out: &mut Vec<u8>, text: &str) {
        put_i16(out, i16::try_from(text.len()).unwrap());
        out.extend_from_slice(text.as_bytes());
    }

    fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
        put_varint(out, bytes.map_or(-1, |bytes| i64::from(length(bytes))));
        out.extend_from_slice(bytes.unwrap_or_default());
    }

    /// Zigzag, seven bits a byte, the lowest first.
    fn put_varint(out: &mut Vec<u8>, number: i64) {
        let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
        while rest >= 0x80 {
            out.push(u8::try_from(rest & 0x7F).unwrap() | 0x80);
            rest >>= 7;
        }
        out.push(u8::try_from(rest).unwrap());
    }

    /// CRC-32C (Castagnoli), bit by bit.
    fn crc32c(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0x82F6_3B78 & 0u32.wrapping_sub(crc & 1))
            })
        })
    }

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }
}

#[test]
fn a_header_name_that_is_no_text_can_be_produced() {
    let broker = super::broker::Broker::shared();
    let topic = super::unique("raw");
    create_topic(broker.bootstrap(), &topic, 1, &[]);
    let offset =
        produce_raw(broker.bootstrap(), &Message::new(&topic, 0).value(b"one"), &[(b"\xFF\xFE", b"x")]);
    assert_eq!(offset, 0);
    let offset = produce_raw(broker.bootstrap(), &Message::new(&topic, 0), &[]);
    assert_eq!(offset, 1);
    assert_eq!(read_all(broker.bootstrap(), &topic)[0].value, b"one");
}

#[test]
fn offsets_can_be_moved_back_and_deleted() {
    let broker = super::broker::Broker::shared();
    let topic = super::unique("moved");
    create_topic(broker.bootstrap(), &topic, 2, &[]);
    let producer = Producer::new(broker.bootstrap());
    for partition in [0, 0, 0, 1, 1] {
        producer
            .send(&Message::new(&topic, partition).value(b"one").at_ms(1_719_800_000_000).header("a", "b"));
    }
    let placed = producer.flush();
    assert_eq!(placed[&2], (0, 2));
    assert_eq!(watermarks(broker.bootstrap(), &topic), BTreeMap::from([(0, (0, 3)), (1, (0, 2))]));
    move_offsets(broker.bootstrap(), &topic, &topic, &BTreeMap::from([(0, 3)]));
    move_offsets(broker.bootstrap(), &topic, &topic, &BTreeMap::from([(0, 1)]));
    assert_eq!(committed(broker.bootstrap(), &topic, &topic), BTreeMap::from([(0, Some(1)), (1, None)]));
    delete_group(broker.bootstrap(), &topic);
    assert_eq!(committed(broker.bootstrap(), &topic, &topic)[&0], None);
}
